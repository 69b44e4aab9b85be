// Which modules tools may import without asking, and which ones every installation has.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "policy/limits.h"

namespace mcpbox::policy {

// clang-format off
// The same list as DEFAULT_MODULES of executor/runtime/imports.py (a test compares them), sorted.
inline constexpr std::string_view kDefaultModules[] = {
    "asyncio", "base64", "binascii", "calendar", "cmath", "collections", "contextlib", "copy", "csv",
    "dataclasses", "datetime", "decimal", "difflib", "enum", "fractions", "functools", "hashlib", "hmac",
    "html", "itertools", "json", "math", "operator", "random", "re", "secrets", "statistics", "string",
    "textwrap", "time", "typing", "urllib.parse", "uuid", "xml.etree.ElementTree", "zoneinfo",
};

// The top-level modules of Python 3.11's standard library that a call can have, sorted.
inline constexpr std::string_view kStandardLibrary =
    "abc aifc argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect builtins "
    "bz2 cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys compileall "
    "concurrent configparser contextlib contextvars copy copyreg crypt csv ctypes curses dataclasses datetime "
    "dbm decimal difflib dis doctest email encodings enum errno faulthandler fcntl filecmp fileinput fnmatch "
    "fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq "
    "hmac html http imaplib imghdr imp importlib inspect io ipaddress itertools json keyword linecache locale "
    "logging lzma mailbox mailcap marshal math mimetypes mmap modulefinder msilib msvcrt multiprocessing "
    "netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse os ossaudiodev pathlib pdb "
    "pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty pwd "
    "py_compile pyclbr pydoc pyexpat queue quopri random re readline reprlib resource rlcompleter runpy sched "
    "secrets select selectors shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd "
    "sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct subprocess "
    "sunau symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios textwrap threading time "
    "timeit token tokenize tomllib trace traceback tracemalloc tty types typing unicodedata unittest urllib "
    "uu uuid venv warnings wave weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile "
    "zipimport zlib zoneinfo ";
// clang-format on

// The first part: what is installed, loaded and approved by.
constexpr std::string_view top_level(std::string_view module) { return module.substr(0, module.find('.')); }

// Parts that are ASCII identifiers, joined by dots.
constexpr bool is_module_path(std::string_view module) {
  if (module.empty() || module.size() > limits::kModulePathBytes) return false;
  char before = '.';
  for (const char c : module) {
    const bool digit = c >= '0' && c <= '9';
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (c == '.' ? before == '.' : !letter && !digit) return false;
    if (before == '.' && digit) return false;
    before = c;
  }
  return before != '.' && top_level(module).size() <= limits::kModuleNameBytes;
}

// `module` is `granted` or inside it.
constexpr bool covers_module(std::string_view granted, std::string_view module) {
  return module == granted || (module.starts_with(granted) && module[granted.size()] == '.');
}

constexpr bool is_default_module(std::string_view module) {
  return std::ranges::any_of(kDefaultModules,
                             [module](std::string_view granted) { return covers_module(granted, module); });
}

constexpr bool is_standard_library(std::string_view module) {
  const std::string_view top = top_level(module);
  std::string_view rest = kStandardLibrary;
  while (!rest.empty()) {
    const std::size_t end = rest.find(' ');
    if (rest.substr(0, end) == top) return true;
    rest.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace mcpbox::policy
