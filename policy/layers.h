// The isolation layers, once, with the name that configuration, status, errors and documents use.
#pragma once

#include <cstdint>
#include <string_view>

namespace mcpbox::policy {

enum class Layer : std::uint32_t {
  kOwnUid = 1u << 0,
  kUserNamespace = 1u << 1,
  kPidNamespace = 1u << 2,
  kNetNamespace = 1u << 3,
  kMountNamespace = 1u << 4,
  kIpcNamespace = 1u << 5,
  kUtsNamespace = 1u << 6,
  kCgroupNamespace = 1u << 7,
  kEmptyRoot = 1u << 8,
  kNoCapabilities = 1u << 9,
  kNoNewPrivileges = 1u << 10,
  kNotDumpable = 1u << 11,
  kResourceLimits = 1u << 12,
  kLandlock = 1u << 13,
  kSeccomp = 1u << 14,
  kParentDeath = 1u << 15,
};

// The oldest kernel that has the required form of every layer.
struct KernelVersion {
  unsigned major;
  unsigned minor;
};
inline constexpr KernelVersion kLeastKernel{.major = 6, .minor = 1};

using Layers = std::uint32_t;  // a set; its high half says which better forms are on (Better, below)

struct LayerName {
  Layer layer;
  std::string_view name;
  std::string_view stops;  // what its absence would let a stolen process do
};

// clang-format off
inline constexpr LayerName kLayerNames[] = {
    { Layer::kOwnUid,          "own-uid",           "reading files and signalling processes of the other parts" },
    { Layer::kUserNamespace,   "user-namespace",    "using privileges that the machine's root has" },
    { Layer::kPidNamespace,    "pid-namespace",     "outliving the zygote, and seeing other processes" },
    { Layer::kNetNamespace,    "net-namespace",     "reaching any network, loopback included" },
    { Layer::kMountNamespace,  "mount-namespace",   "seeing the machine's mounts" },
    { Layer::kIpcNamespace,    "ipc-namespace",     "System V memory and queues shared with the machine" },
    { Layer::kUtsNamespace,    "uts-namespace",     "reading or changing the machine's name" },
    { Layer::kCgroupNamespace, "cgroup-namespace",  "seeing the machine's control groups" },
    { Layer::kEmptyRoot,       "empty-root",        "opening any file of the machine" },
    { Layer::kNoCapabilities,  "no-capabilities",   "every privileged operation" },
    { Layer::kNoNewPrivileges, "no-new-privileges", "gaining privileges from a setuid program" },
    { Layer::kNotDumpable,     "not-dumpable",      "being read or traced by a process of the same user" },
    { Layer::kResourceLimits,  "resource-limits",   "exhausting memory, descriptors or processes" },
    { Layer::kLandlock,        "landlock",          "file access that the other layers forgot" },
    { Layer::kSeccomp,         "seccomp",           "every system call that its work does not need" },
    { Layer::kParentDeath,     "parent-death",      "outliving the process that started it" },
};
// clang-format on

// A layer's better form: the required form holds on Linux 6.1, and this is what a newer kernel or a machine
// set up for it adds.  None can be given up or asked for; status says which are on.  Bits of the high half,
// so that they travel with the layers.
enum class Better : std::uint32_t {
  kLandlockTruncate = 1u << 16,
  kLandlockNetwork = 1u << 17,
  kLandlockDevices = 1u << 18,
  kLandlockScopes = 1u << 19,
  kWriteXorExecute = 1u << 20,
  kSecretMemory = 1u << 21,
  kCallGroup = 1u << 22,
};
inline constexpr Layers kLayerBits = 0xffff;

struct BetterForm {
  Better form;
  Layer of;  // the layer whose form it is
  std::string_view name;
  std::string_view needs;  // the kernel or the set-up
  std::string_view adds;   // what it stops that the required form leaves to other layers
};

// clang-format off
inline constexpr BetterForm kBetterForms[] = {
    { Better::kLandlockTruncate, Layer::kLandlock,    "landlock-truncate", "Linux 6.2",  "cutting a file short" },
    { Better::kLandlockNetwork,  Layer::kLandlock,    "landlock-network",  "Linux 6.7",  "TCP, even on a socket that came from elsewhere" },
    { Better::kLandlockDevices,  Layer::kLandlock,    "landlock-devices",  "Linux 6.10", "ioctl on a device" },
    { Better::kLandlockScopes,   Layer::kLandlock,    "landlock-scopes",   "Linux 6.12", "abstract Unix sockets and, but for the monitor, signals to processes outside" },
    { Better::kWriteXorExecute,  Layer::kNotDumpable, "write-xor-execute", "Linux 6.3",  "running what was writable, even if the filter forgot it" },
    { Better::kSecretMemory,     Layer::kNotDumpable, "secret-memory",     "secretmem.enable=1", "reading the monitor's keys as root, or from a core of the machine" },
    { Better::kCallGroup,        Layer::kResourceLimits, "call-group", "a delegated cgroup v2 with memory and pids", "one call, or all together, taking the machine's memory by ways that resource limits do not count" },
};
// clang-format on

constexpr Layers operator|(Layer a, Layer b) { return static_cast<Layers>(a) | static_cast<Layers>(b); }
constexpr Layers operator|(Layers a, Layer b) { return a | static_cast<Layers>(b); }
constexpr Layers operator|(Layer a, Better b) { return static_cast<Layers>(a) | static_cast<Layers>(b); }
constexpr Layers operator|(Layers a, Better b) { return a | static_cast<Layers>(b); }
constexpr bool contains(Layers set, Layer layer) { return (set & static_cast<Layers>(layer)) != 0; }
constexpr bool contains(Layers set, Better form) { return (set & static_cast<Layers>(form)) != 0; }

// The layers that a process of this kind must have unless the configuration gives them up by name.
// clang-format off
inline constexpr Layers kNamespaceLayers = Layer::kUserNamespace | Layer::kNetNamespace | Layer::kMountNamespace |
                                           Layer::kIpcNamespace | Layer::kUtsNamespace | Layer::kCgroupNamespace;
inline constexpr Layers kEveryProcess    = Layer::kOwnUid | Layer::kNoCapabilities | Layer::kNoNewPrivileges |
                                           Layer::kNotDumpable | Layer::kResourceLimits | Layer::kLandlock |
                                           Layer::kSeccomp | Layer::kParentDeath;
inline constexpr Layers kMonitorLayers   = kEveryProcess;  // CAP_KILL excepted: it must end calls of another uid
inline constexpr Layers kGatewayLayers   = kEveryProcess | kNamespaceLayers | static_cast<Layers>(Layer::kEmptyRoot);
inline constexpr Layers kAdminLayers     = kGatewayLayers;
inline constexpr Layers kPasswordLayers  = kGatewayLayers;
inline constexpr Layers kEgressLayers    = kGatewayLayers;
// It reaches the machine's networks, and sees what name services need: both are its work.
inline constexpr Layers kDialerLayers    = kEveryProcess | Layer::kUserNamespace | Layer::kPidNamespace |
                                           Layer::kMountNamespace | Layer::kIpcNamespace | Layer::kUtsNamespace |
                                           Layer::kCgroupNamespace | Layer::kEmptyRoot;
inline constexpr Layers kZygoteLayers    = kGatewayLayers | Layer::kPidNamespace;
// clang-format on

}  // namespace mcpbox::policy
