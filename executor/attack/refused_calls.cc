// Runs in [attack] and its children.  What Python and its library meet, and how it fails.
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>

#include "executor/attack/answered.h"

namespace mcpbox::attack {
namespace {

constexpr const char* kRoot = "/";
constexpr const char* kPasswd = "/etc/passwd";  // exists everywhere, and everybody may read it
constexpr const char* kSelf = "/proc/self/exe";
constexpr const char* kNowhere = "/mcpbox-attack/no";  // in a folder that does not exist
constexpr const char* kName = "mcpbox-attack";

// clang-format off
constexpr AnsweredCall kRefused[] = {
    // name              arguments                                                            answer                      who asks
    { "open",             {SYS_open, kPasswd, O_RDONLY},                                   {refused(EACCES)},          "open()" },
    { "openat",           {SYS_openat, AT_FDCWD, kPasswd, O_RDONLY},                       {refused(EACCES)},          "open()" },
    { "openat2",          {SYS_openat2, AT_FDCWD, kPasswd, 0, 0},                          {refused(EACCES)},          "open()" },
    { "stat",             {SYS_stat, kRoot, 0},                                            {refused(EACCES)},          "os.stat" },
    { "lstat",            {SYS_lstat, kRoot, 0},                                           {refused(EACCES)},          "os.lstat" },
    { "statx",            {SYS_statx, AT_FDCWD, kRoot, 0, 0, 0},                           {refused(EACCES)},          "os.stat" },
    { "statfs",           {SYS_statfs, kRoot, 0},                                          {refused(EACCES)},          "os.statvfs" },
    { "newfstatat",       {SYS_newfstatat, AT_FDCWD, kRoot, 0, 0},                         {refused(EACCES)},          "os.stat, imports that look for a file" },
    { "access",           {SYS_access, kRoot, 0},                                          {refused(EACCES)},          "os.access" },
    { "faccessat",        {SYS_faccessat, AT_FDCWD, kRoot, 0},                             {refused(EACCES)},          "os.access" },
    { "faccessat2",       {SYS_faccessat2, AT_FDCWD, kRoot, 0, 0},                         {refused(EACCES)},          "os.access" },
    { "readlink",         {SYS_readlink, kSelf, 0, 0},                                     {refused(EACCES)},          "os.readlink, realpath" },
    { "readlinkat",       {SYS_readlinkat, AT_FDCWD, kSelf, 0, 0},                         {refused(EACCES)},          "os.readlink, realpath" },
    { "getcwd",           {SYS_getcwd, 0, 0},                                                 {refused(EACCES)},          "os.getcwd, abspath" },
    { "chdir",            {SYS_chdir, kRoot},                                              {refused(EACCES)},          "os.chdir" },
    { "unlink",           {SYS_unlink, kNowhere},                                          {refused(EACCES)},          "os.unlink" },
    { "unlinkat",         {SYS_unlinkat, AT_FDCWD, kNowhere, 0},                           {refused(EACCES)},          "os.unlink" },
    { "mkdir",            {SYS_mkdir, kNowhere, 0},                                        {refused(EACCES)},          "os.mkdir, tempfile" },
    { "mkdirat",          {SYS_mkdirat, AT_FDCWD, kNowhere, 0},                            {refused(EACCES)},          "os.mkdir" },
    { "rmdir",            {SYS_rmdir, kNowhere},                                           {refused(EACCES)},          "os.rmdir" },
    { "rename",           {SYS_rename, kNowhere, kNowhere},                             {refused(EACCES)},          "os.rename" },
    { "renameat",         {SYS_renameat, AT_FDCWD, kNowhere, AT_FDCWD, kNowhere},       {refused(EACCES)},          "os.rename" },
    { "renameat2",        {SYS_renameat2, AT_FDCWD, kNowhere, AT_FDCWD, kNowhere, 0},   {refused(EACCES)},          "os.rename" },
    { "memfd_create",     {SYS_memfd_create, kName, 0},                                    {refused(EACCES)},          "os.memfd_create" },
    { "umask",            {SYS_umask, 077},                                                   {refused(EACCES)},          "tempfile" },
    { "lseek",            {SYS_lseek, 3, 0, SEEK_CUR},                                        {refused(ESPIPE)},          "file objects over descriptors" },
    { "pread64",          {SYS_pread64, 3, 0, 0, 0},                                          {refused(ESPIPE)},          "os.pread" },
    { "ioctl",            {SYS_ioctl, 3, FIONREAD, 0},                                        {refused(ENOTTY)},          "isatty" },
    { "fcntl",            {SYS_fcntl, 3, F_GETFD, 0},                                         {refused(EBADF)},           "os.set_blocking, os.set_inheritable" },
    { "fstat",            {SYS_fstat, 3, 0},                                                  {refused(EBADF)},           "os.fstat" },
    { "dup",              {SYS_dup, 3},                                                       {refused(EBADF)},           "os.dup" },
    { "dup2",             {SYS_dup2, 3, 3},                                                   {refused(EBADF)},           "os.dup2" },
    { "dup3",             {SYS_dup3, 3, 4, 0},                                                {refused(EBADF)},           "os.dup2" },
    { "socket",           {SYS_socket, AF_UNIX, SOCK_STREAM, 0},                              {refused(EACCES)},          "socket.socket; uuid1 falls back" },
    { "connect",          {SYS_connect, 3, 0, 0},                                             {refused(EACCES)},          "socket.connect" },
    { "sendto",           {SYS_sendto, 3, 0, 0, 0, 0, 0},                                     {refused(EPERM)},           "socket.send" },
    { "recvfrom",         {SYS_recvfrom, 3, 0, 0, MSG_DONTWAIT, 0, 0},                        {refused(EPERM)},           "socket.recv" },
    { "socketpair",       {SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, 0},                       {refused(EMFILE)},          "a second event loop" },
    { "pipe",             {SYS_pipe, 0},                                                      {refused(EMFILE)},          "os.pipe" },
    { "pipe2",            {SYS_pipe2, 0, 0},                                                  {refused(EMFILE)},          "os.pipe, subprocess" },
    { "epoll_create1",    {SYS_epoll_create1, 0},                                             {refused(EMFILE)},          "a second event loop" },
    { "fork",             {SYS_fork},                                                         {refused(EAGAIN)},          "os.fork" },
    { "vfork",            {SYS_vfork},                                                        {refused(EAGAIN)},          "subprocess" },
    { "clone",            {SYS_clone, CLONE_THREAD},                                          {refused(EAGAIN)},          "os.fork, threads" },
    { "clone3",           {SYS_clone3, 0, 0},                                                 {refused(ENOSYS)},          "threads: glibc then tries clone" },
    { "rseq",             {SYS_rseq, 0, 0, 0, 0},                                             {refused(ENOSYS)},          "threads" },
    { "set_robust_list",  {SYS_set_robust_list, 0, 0},                                        {refused(ENOSYS)},          "threads" },
    { "execve",           {SYS_execve, kNowhere, 0, 0},                                    {refused(EACCES)},          "os.exec" },
    { "execveat",         {SYS_execveat, AT_FDCWD, kNowhere, 0, 0, 0},                     {refused(EACCES)},          "os.exec" },
    { "kill",             {SYS_kill, 1, 0},                                                   {refused(EPERM)},           "os.kill" },
    { "tkill",            {SYS_tkill, 1, 0},                                                  {refused(EPERM)},           "signal.raise_signal" },
    { "tgkill",           {SYS_tgkill, 1, 1, 0},                                              {refused(EPERM)},           "os.abort" },
    { "rt_sigaction",     {SYS_rt_sigaction, SIGUSR1, 0, 0, 8},                               {refused(EPERM)},           "signal.signal" },
    { "rt_sigprocmask",   {SYS_rt_sigprocmask, SIG_BLOCK, 0, 0, 8},                           {refused(EPERM)},           "signal.pthread_sigmask, threads" },
    { "sigaltstack",      {SYS_sigaltstack, 0, 0},                                            {refused(EPERM)},           "faulthandler" },
    { "alarm",            {SYS_alarm, 0},                                                     {refused(EPERM)},           "signal.alarm" },
    { "setitimer",        {SYS_setitimer, 0, 0, 0},                                           {refused(EPERM)},           "signal.setitimer" },
    { "sched_yield",      {SYS_sched_yield},                                                  {refused(EPERM)},           "os.sched_yield, time.sleep(0)" },
    { "getuid",           {SYS_getuid},                                                       {refused(EACCES)},          "os.getuid, expanduser" },
    { "geteuid",          {SYS_geteuid},                                                      {refused(EACCES)},          "os.geteuid" },
    { "getgid",           {SYS_getgid},                                                       {refused(EACCES)},          "os.getgid" },
    { "getegid",          {SYS_getegid},                                                      {refused(EACCES)},          "os.getegid" },
    { "getresuid",        {SYS_getresuid, 0, 0, 0},                                           {refused(EACCES)},          "os.getresuid" },
    { "getresgid",        {SYS_getresgid, 0, 0, 0},                                           {refused(EACCES)},          "os.getresgid" },
    { "getpgid",          {SYS_getpgid, 0},                                                   {refused(EACCES)},          "os.getpgid" },
    { "getsid",           {SYS_getsid, 0},                                                    {refused(EACCES)},          "os.getsid" },
    { "getppid",          {SYS_getppid},                                                      {refused(EPERM)},           "os.getppid" },
    { "uname",            {SYS_uname, 0},                                                     {refused(EACCES)},          "platform" },
    { "sysinfo",          {SYS_sysinfo, 0},                                                   {refused(EACCES)},          "qsort, os.sysconf" },
    { "sched_getaffinity", {SYS_sched_getaffinity, 0, 0, 0},                                   {refused(EACCES)},          "os.cpu_count" },
    { "times",            {SYS_times, 0},                                                     {refused(EPERM)},           "os.times" },
    { "nanosleep",        {SYS_nanosleep, 0, 0},                                              {refused(EPERM)},           "old sleep" },
    { "setrlimit",        {SYS_setrlimit, RLIMIT_NOFILE, 0},                                  {refused(EPERM)},           "resource.setrlimit" },
    { "prctl",            {SYS_prctl, PR_GET_DUMPABLE},                                       {refused(EPERM)},           "naming a thread" },
    { "mprotect",         {SYS_mprotect, 0, 0, PROT_EXEC},                                    {refused(EPERM)},           "ctypes callbacks, thread stacks" },

};
// clang-format on

}  // namespace

std::span<const AnsweredCall> refused_calls() { return kRefused; }

}  // namespace mcpbox::attack
