// Python-level escapes through the real runtime.  Inside Python they may succeed: the language is no wall.
// None has an effect outside its own process, and the next call finds everything as it was.
#include "tests/attack/world.h"
#include "tests/executor/executor_process.h"

namespace mcpbox {
namespace {

using namespace test;

constexpr const char* kDies = "(dies)";  // a crash of that call, and of nothing else

constexpr uid_t kAlone = 60898;  // what other tests do at the same time is not this one's doing

// All but the list of processes: the zygote's children come and go.
World outside() {
  World world = look_at_world(kAlone);
  world.erase("processes");
  return world;
}

class PythonEscapes : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "starting a process under another uid needs root";
    executor_.emplace(kAlone);
    ASSERT_TRUE(executor_->ready());
  }
  ExecutorProcess& executor() { return *executor_; }

  // What a tool with this body comes to: its result or error text, or kDies.  `load` is the real import.
  std::string outcome_of(const std::string& body) {
    std::string lines =
        "import asyncio\nsys = asyncio.sys\nload = sys.modules['builtins'].__import__\ndef main():\n";
    std::istringstream source(body);
    for (std::string line; std::getline(source, line);) lines += "    " + line + "\n";
    const Result<protocol::Outcome> outcome = run(executor(), lines);
    return outcome ? outcome->log_result + outcome->log_error : kDies;
  }

 private:
  std::optional<ExecutorProcess> executor_;
};

struct Escape {
  const char* what;
  const char* body;
  const char* found;  // part of what it comes to
};

const Escape kInside[] = {
    {"frames",
     "frame = sys._getframe()\nnames = []\nwhile frame:\n    "
     "names.append(frame.f_code.co_name)\n    frame = frame.f_back\nreturn 'main' in names",
     "true"},
    {"builtins of the runtime's frames",
     "frame = sys._getframe(1)\nreturn type(frame.f_globals['__builtins__']).__name__", "dict"},
    {"a format string", "return '{0.__class__.__base__.__subclasses__}'.format(1)[:9]", "<built-in"},
    {"all subclasses", "return any(c.__name__ == 'Popen' for c in object.__subclasses__()) or 'subclasses'",
     "true"},
    {"the garbage collector", "return len(load('gc').get_objects()) > 10", "true"},
    {"the module table", "sys.modules['json'] = None\nsys.modules.pop('asyncio')\nreturn 'gone'", "gone"},
    {"builtins", "sys.modules['builtins'].len = lambda x: 7\nreturn len('')", "0"},
    {"the import machinery", "sys.meta_path.clear()\nsys.path_hooks.clear()\nreturn 'cleared'", "cleared"},
    {"a code object of its own",
     "f = lambda: 1\nf.__code__ = f.__code__.replace(co_consts=(None, 'new'))\nreturn f()", "new"},
    {"its own stack limit", "sys.setrecursionlimit(10**6)\nreturn 'deep'", "deep"},
    {"a profile function", "sys.setprofile(lambda *a: None)\nreturn 'watched'", "watched"},
    {"an exit function", "load('atexit').register(print)\nreturn 'registered'", "registered"},
};

const Escape kRefused[] = {
    {"a shell", "return load('os').system('touch /tmp/mcpbox-escape')", "32512"},
    {"subprocess", "return load('subprocess').run(['touch', '/tmp/mcpbox-escape'])", "Error"},
    {"posix_spawn", "return load('os').posix_spawn('/bin/true', ['true'], {})", "Error"},
    {"asyncio subprocess",
     "import asyncio\nasync def go():\n    return await asyncio.create_subprocess_exec('/bin/true')\nreturn "
     "str(asyncio.get_event_loop().run_until_complete(go()))",
     "Error"},
    {"a pseudo terminal", "return load('pty').fork()", "Error"},
    {"a thread of its own", "return load('_thread').start_new_thread(print, ())", "can't start new thread"},
    {"the file of a module", "return open(load('os').__file__).read()", "Error"},
    {"a raw descriptor", "return load('os').read(0, 1)", "Error"},
    {"duplicating its socket", "return load('os').dup(3)", "Error"},
    {"a socket from its descriptor", "return load('socket').socket(fileno=3).family", kDies},
    {"passing a descriptor",
     "s = load('socket')\nreturn s.send_fds(s.socket(s.AF_UNIX, s.SOCK_STREAM, 0, fileno=3), [b'x'], [3])",
     kDies},
    {"executable memory", "m = load('mmap')\nreturn m.mmap(-1, 4096, prot=m.PROT_READ | m.PROT_EXEC)", kDies},
    {"shared memory", "return load('mmap').mmap(-1, 4096).write(b'x')", kDies},
    {"named shared memory",
     "return load('multiprocessing.shared_memory', fromlist=['x']).SharedMemory(create=True, size=10).name",
     "_posixshmem"},
    {"a semaphore", "return load('multiprocessing').Lock()", "_multiprocessing"},
    {"other limits", "r = load('resource')\nreturn r.setrlimit(r.RLIMIT_NOFILE, (4096, 4096))", "Error"},
    {"a signal handler", "s = load('signal')\nreturn s.signal(s.SIGTERM, s.SIG_IGN)", "Error"},
    {"a timer signal", "return load('signal').setitimer(0, 1)", "not permitted"},
    {"its zygote", "return load('os').kill(1, 9)", "PermissionError"},
    {"everybody", "return load('os').kill(-1, 9)", "PermissionError"},
    {"another user", "return load('os').setuid(0)", kDies},
    {"a terminal", "return load('os').ttyname(3)", "Error"},
    {"a dump of its memory", "return load('faulthandler').dump_traceback(file=1)", "null"},
    {"a sibling's CPU clock", "return load('time').clock_gettime(~1 << 3 | 2)", kDies},
};

const Escape kCrashes[] = {
    {"bytecode that is none",
     "f = lambda: 1\nf.__code__ = f.__code__.replace(co_code=bytes([100, 255] * 8), co_stacksize=1)\nreturn "
     "f()",
     kDies},
    {"a frame that is too small",
     "f = lambda: 1\nf.__code__ = f.__code__.replace(co_code=bytes([151, 0, 100, 1] + [100, 1] * 4000 + [83, "
     "0]), co_stacksize=0)\nreturn f()",
     kDies},
    {"marshalled rubbish", "return load('marshal').loads(b'\\xe3' + b'\\x00' * 64)", "bad marshal data"},
    {"a null pointer", "c = load('ctypes')\nreturn c.string_at(0)", "_ctypes"},
    {"writing to the library's memory", "c = load('ctypes')\nc.memset(id(None), 0, 64)\nreturn None",
     "_ctypes"},
    {"a system call by ctypes", "c = load('ctypes')\nreturn c.CDLL(None).syscall(101, 0, 0, 0, 0)",
     "_ctypes"},
    {"machine code by ctypes",
     "c = load('ctypes')\ncode = c.create_string_buffer(b'\\xc3' * "
     "64)\nc.CFUNCTYPE(None)(c.addressof(code))()\nreturn 'ran'",
     "_ctypes"},
    {"a crash on request", "load('faulthandler')._sigsegv()", "null"},
    {"an abort", "load('os').abort()", kDies},
    {"a stack without end",
     "sys.setrecursionlimit(10**9)\nx = []\nfor _ in range(10**6): x = [x]\nreturn repr(x)", kDies},
};

TEST_F(PythonEscapes, SucceedInsidePythonAndGoNoFurther) {
  for (const Escape& escape : kInside) {
    const std::string found = outcome_of(escape.body);
    EXPECT_NE(found.find(escape.found), std::string::npos) << escape.what << ": " << found;
    EXPECT_EQ(outcome_of("return len('ab')"), "2") << "after " << escape.what;
  }
}

TEST_F(PythonEscapes, HaveNoEffectOutsideTheirProcess) {
  const Bystander bystander(kAlone);
  ASSERT_EQ(bystander.felt(), "");
  const World before = outside();
  for (const Escape& escape : kRefused) {
    const std::string found = outcome_of(escape.body);
    EXPECT_NE(found.find(escape.found), std::string::npos) << escape.what << ": " << found;
  }
  for (const Escape& escape : kCrashes) {
    const std::string found = outcome_of(escape.body);
    EXPECT_NE(found.find(escape.found), std::string::npos) << escape.what << ": " << found;
  }
  EXPECT_EQ(outcome_of("return 'fine'"), "fine") << "the zygote is as it was";
  EXPECT_EQ(outside(), before);
  EXPECT_NE(::access("/tmp/mcpbox-escape", F_OK), 0);
  EXPECT_EQ(bystander.felt(), "");
}

// Whatever it does to the runtime, a call can lie about its own end only.
TEST_F(PythonEscapes, ACallMayForgeItsOwnOutcomeAndNobodyElses) {
  const std::string forged = outcome_of(
      "for name, module in list(sys.modules.items()):\n"
      "    if name.startswith('mcpbox_runtime'):\n"
      "        for key, value in list(vars(module).items()):\n"
      "            if callable(value) and not isinstance(value, type): vars(module)[key] = lambda *a, **k: "
      "'forged'\n"
      "return 'mine'");
  EXPECT_TRUE(forged == kDies || forged == "mine" || forged.find("forged") != std::string::npos) << forged;
  EXPECT_EQ(outcome_of("return 'next'"), "next");
}

// --- From one call to the next ------------------------------------------------------------------------

TEST_F(PythonEscapes, NothingThatACallWritesIsThereInTheNext) {
  constexpr const char* kWrite =
      "os = load('os')\n"
      "load('json').poison = load('builtins').poison = sys.poison = True\n"
      "sys.modules['poison'] = sys\n"
      "os.environ['POISON'] = 'x'\n"
      "load('random').seed(1)\n"
      "load('decimal').getcontext().prec = 3\n"
      "load('warnings').filters.insert(0, ('poison', None, Warning, None, 0))\n"
      "return 'written'";
  constexpr const char* kRead =
      "os = load('os')\n"
      "found = [hasattr(load(m), 'poison') for m in ('json', 'builtins', 'sys')]\n"
      "found += ['poison' in sys.modules, 'POISON' in os.environ]\n"
      "found += [load('decimal').getcontext().prec == 3, load('warnings').filters[0][0] == 'poison']\n"
      "return 'poisoned' if any(found) else 'clean'";
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(outcome_of(kWrite), "written");
    EXPECT_EQ(outcome_of(kRead), "clean");
  }
}

TEST_F(PythonEscapes, NoTwoCallsDrawTheSameRandomNumbers) {
  std::set<std::string> drawn;
  constexpr const char* kDraw =
      "r = load('random')\nreturn [r.random(), load('os').urandom(8).hex(), load('uuid').uuid4().hex]";
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(drawn.insert(outcome_of(kDraw)).second);
}

// By the language here; by its mapping, which no call child can change, in shared_memory_test.
TEST_F(PythonEscapes, TheLibraryThatAllCallsShareCannotBeWritten) {
  constexpr const char* kBlock = "block = next(f for f in sys.meta_path if hasattr(f, '_block'))._block\n";
  EXPECT_NE(outcome_of(kBlock + std::string("block[0] = 7")).find("cannot modify read-only memory"),
            std::string::npos);
  EXPECT_EQ(outcome_of(kBlock + std::string("return block[0] == 7 or 'as it was'")), "as it was");
}

TEST_F(PythonEscapes, ACallSeesNoOtherProcess) {
  const std::string found = outcome_of(
      "os = load('os')\nseen = []\n"
      "for pid in range(1, 200):\n"
      "    for look in (lambda: os.kill(pid, 0), lambda: os.getpgid(pid), lambda: os.sched_getaffinity(pid), "
      "lambda: open(f'/proc/{pid}/stat')):\n"
      "        try:\n            look()\n            seen.append(pid)\n"
      "        except OSError as error:\n            if error.errno not in (1, 13): seen.append((pid, "
      "error.errno))\n"
      "return seen");
  EXPECT_EQ(found, "[]") << found;
}

}  // namespace
}  // namespace mcpbox
