// Runs in [zygote] until its jail, then in [call] children.  Trusts the distribution's Python and the
// embedded runtime; in a child that has begun to run a tool, it trusts no Python object's type or size.
#define PY_SSIZE_T_CLEAN
#include "executor/python.h"

#include <Python.h>
#include <nss.h>
#include <utility>

#include "executor/holes.h"
#include "executor/shared_memory.h"
#include "executor/sources.h"
#include "policy/limits.h"
#include "privsep/base/handles.h"

namespace mcpbox::executor {
namespace {

namespace limits = policy::limits;
using base::fail;
using base::Why;
using PyRef = std::unique_ptr<PyObject, base::FreeWith<Py_DecRef>>;

// Forgets the pending exception.  Not printed: that would run a hook which the tool may have set.
std::unexpected<base::Error> broken(const char* literal, Why why = Why::kBroken) {
  PyErr_Clear();
  return fail(why, literal);
}

// --- Initialisation -----------------------------------------------------------------------------------

bool add_path(PyConfig& config, const char* path) {
  wchar_t* const wide = Py_DecodeLocale(path, nullptr);
  if (wide == nullptr) return false;
  const PyStatus done = PyWideStringList_Append(&config.module_search_paths, wide);
  PyMem_RawFree(wide);
  return PyStatus_Exception(done) == 0;
}

// Names of users and hosts come from files, which a call cannot open: it gets "unknown".  Other services are
// libraries of the host that expect a machine around them: libnss-systemd aborts when it has none, and a call
// to os.path.expanduser() would end as an attack.
bool names_come_from_files() {
  return ::__nss_configure_lookup("passwd", "files") == 0 &&
         ::__nss_configure_lookup("group", "files") == 0 && ::__nss_configure_lookup("hosts", "files") == 0;
}

bool initialise(const PythonPaths& paths) {
  PyPreConfig before;
  PyPreConfig_InitIsolatedConfig(&before);
  before.utf8_mode = 1;  // an isolated interpreter would otherwise encode as ASCII
  if (PyStatus_Exception(Py_PreInitialize(&before)) != 0) return false;
  PyConfig config;
  PyConfig_InitIsolatedConfig(&config);
  config.install_signal_handlers = 0;
  config.write_bytecode = 0;
  config.site_import = 0;
  config.pathconfig_warnings = 0;
  config.code_debug_ranges = 0;
  config.module_search_paths_set = 1;
  const bool ready = add_path(config, paths.stdlib) && add_path(config, paths.extensions) &&
                     add_path(config, paths.packages) &&
                     PyStatus_Exception(Py_InitializeFromConfig(&config)) == 0;
  PyConfig_Clear(&config);
  return ready;
}

// --- What the runtime gets ----------------------------------------------------------------------------

PyObject* share_bytes(PyObject* /*self*/, PyObject* bytes) {
  Py_buffer view;
  if (PyObject_GetBuffer(bytes, &view, PyBUF_SIMPLE) != 0) return nullptr;
  const auto copy = share({static_cast<const unsigned char*>(view.buf), static_cast<std::size_t>(view.len)});
  PyBuffer_Release(&view);
  if (!copy) return PyErr_Format(PyExc_OSError, "%s (errno %d)", copy.error().text, copy.error().sys_errno);
  // The interface predates const; PyBUF_READ makes the view read-only, and so does the mapping.
  auto* const memory = const_cast<char*>(reinterpret_cast<const char*>(copy->data()));
  return PyMemoryView_FromMemory(memory, static_cast<Py_ssize_t>(copy->size()), PyBUF_READ);
}

PyObject* fill_holes(PyObject* /*self*/, PyObject* /*nothing*/) {
  constexpr std::size_t kStep = 16;  // pymalloc's block sizes, up to kLargest: beyond it asks malloc
  constexpr std::size_t kLargest = 512;
  fill_pool_holes(PyObject_Malloc, PyObject_Free, kStep, kLargest);
  fill_malloc_holes();
  return Py_NewRef(Py_None);
}

PyRef limits_dict() {
  return PyRef(Py_BuildValue(
      "{s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:n}", "code_chars",
      limits::kCodeChars, "imported_modules", limits::kImportedModules, "module_name_bytes",
      limits::kModuleNameBytes, "compiled_bytes", limits::kCompiledBytes, "schema_bytes",
      limits::kSchemaBytes, "schema_depth", limits::kSchemaDepth, "analysis_bytes", limits::kAnalysisBytes,
      "output_bytes", limits::kOutputBytes, "result_bytes", limits::kResultBytes, "outcome_bytes",
      limits::kOutcomeJsonBytes, "error_bytes", limits::kErrorBytes, "log_text_bytes", limits::kLogTextBytes,
      "memory_bytes", limits::kMemoryBytes, "json_depth", limits::kJsonDepth, "line_bytes",
      limits::kLineBytes, "lines_at_once", Py_ssize_t{limits::kLinesAtOnce}, "lines_per_second",
      Py_ssize_t{limits::kLinesPerSecond}, "question_bytes", limits::kQuestionBytes, "state_bytes",
      limits::kStateBytes));
}

PyRef sources_dict() {
  PyRef dict(PyDict_New());
  for (const Source& source : sources()) {
    const PyRef text(PyUnicode_FromString(source.text));
    if (!dict || !text || PyDict_SetItemString(dict.get(), source.name, text.get()) != 0) return nullptr;
  }
  return dict;
}

const char* source_of(std::string_view name) {
  for (const Source& source : sources())
    if (source.name == name) return source.text;
  return nullptr;
}

// Runs embedded.py and returns its start().
PyRef bootstrap() {
  const PyRef code(Py_CompileString(source_of("embedded"), "<mcpbox_runtime.embedded>", Py_file_input));
  if (!code) return nullptr;
  const PyRef module(PyImport_ExecCodeModule("mcpbox_runtime_embedded", code.get()));
  return module ? PyRef(PyObject_GetAttrString(module.get(), "start")) : nullptr;
}

PyRef list_of(std::span<const std::string> names) {
  PyRef list(PyList_New(0));
  for (const std::string& name : names) {
    const PyRef text(PyUnicode_FromStringAndSize(name.data(), static_cast<Py_ssize_t>(name.size())));
    if (!list || !text || PyList_Append(list.get(), text.get()) != 0) return nullptr;
  }
  return list;
}

// What a call child sends, byte for byte, when its tool waits for the first time.
PyRef waits_frame() {
  const wire::HeaderBytes head = wire::encode_header(
      {.op = static_cast<std::uint16_t>(protocol::Op::kWaits), .kind = wire::FrameKind::kNotice});
  return PyRef(PyBytes_FromStringAndSize(reinterpret_cast<const char*>(head.data()), head.size()));
}

// How a child speaks to egress: protocol/messages_fetch.h in executor/runtime/fetching.py.
PyRef fetch_ops() {
  using protocol::Op;
  const auto number = [](Op op) { return static_cast<int>(op); };
  return PyRef(Py_BuildValue(
      "{s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:n,s:n}", "start", number(Op::kFetchStart), "body",
      number(Op::kFetchBody), "room", number(Op::kFetchRoom), "stop", number(Op::kFetchStop), "head",
      number(Op::kFetchHead), "data", number(Op::kFetchData), "end", number(Op::kFetchEnd), "failed",
      number(Op::kFetchFailed), "window", limits::kFetchWindowBytes, "data_bytes", limits::kFetchDataBytes));
}

PyRef start_runtime(const PythonPaths& paths, std::span<const std::string> names) {
  // CPython keeps the pointers.
  static PyMethodDef share_method = {"share", share_bytes, METH_O, nullptr};
  static PyMethodDef fill_method = {"fill_holes", fill_holes, METH_NOARGS, nullptr};
  const PyRef begin = bootstrap();
  const PyRef sources = sources_dict();
  const PyRef limits = limits_dict();
  const PyRef share_function(PyCFunction_New(&share_method, nullptr));
  const PyRef fill_function(PyCFunction_New(&fill_method, nullptr));
  const PyRef packages = list_of(names);
  const PyRef waits = waits_frame();
  const PyRef ops = fetch_ops();
  if (!begin || !sources || !limits || !share_function || !fill_function || !packages || !waits || !ops)
    return nullptr;
  const PyRef positional(PyTuple_Pack(1, sources.get()));
  const PyRef named(Py_BuildValue(
      "{s:s,s:s,s:O,s:O,s:O,s:O,s:O,s:O,s:I,s:I}", "root", paths.stdlib, "zone_root", paths.zones, "share",
      share_function.get(), "fill_holes", fill_function.get(), "limits", limits.get(), "packages",
      packages.get(), "waits", waits.get(), "ops", ops.get(), "says",
      static_cast<unsigned>(protocol::Op::kSay), "asks", static_cast<unsigned>(protocol::Op::kAskClient)));
  if (!positional || !named) return nullptr;
  return PyRef(PyObject_Call(begin.get(), positional.get(), named.get()));
}

// (key, value, redact) of each, as bytes and a number.
PyRef secrets_of(const protocol::Go& order) {
  PyRef all(PyTuple_New(static_cast<Py_ssize_t>(order.secrets.size())));
  for (std::size_t i = 0; all && i < order.secrets.size(); ++i) {
    const protocol::CallSecret& secret = order.secrets[i];
    PyObject* const entry = Py_BuildValue(
        "(y#y#i)", secret.key.data(), static_cast<Py_ssize_t>(secret.key.size()), secret.value.data(),
        static_cast<Py_ssize_t>(secret.value.size()), secret.redact ? 1 : 0);
    if (entry == nullptr) return nullptr;
    PyTuple_SET_ITEM(all.get(), static_cast<Py_ssize_t>(i), entry);
  }
  return all;
}

// --- What comes back ----------------------------------------------------------------------------------

// Item `index` of a tuple as bytes; false when it is anything else, or over `most`.
bool take_bytes(PyObject* tuple, Py_ssize_t index, std::size_t most, std::string& into) {
  PyObject* const item = PyTuple_GetItem(tuple, index);
  if (item == nullptr || !PyBytes_Check(item)) return false;
  const auto size = static_cast<std::size_t>(PyBytes_GET_SIZE(item));
  if (size > most) return false;
  into.assign(PyBytes_AS_STRING(item), size);
  return true;
}

// Item `index` of a tuple as a list of names.  Strings there are UTF-8; a name over its bound is no list.
template <class Names>
bool take_names(PyObject* tuple, Py_ssize_t index, Names& into) {
  PyObject* const items = PyTuple_GetItem(tuple, index);
  if (items == nullptr || !PyTuple_Check(items)) return false;
  const Py_ssize_t count = PyTuple_GET_SIZE(items);
  if (static_cast<std::size_t>(count) > Names::kMax) return false;
  for (Py_ssize_t i = 0; i < count; ++i)
    if (!take_bytes(items, i, Names::value_type::kMax, into.emplace_back())) return false;
  return true;
}

bool take_number(PyObject* tuple, Py_ssize_t index, long most, long& into) {
  PyObject* const item = PyTuple_GetItem(tuple, index);
  if (item == nullptr || !PyLong_Check(item)) return false;
  into = PyLong_AsLong(item);
  return into >= 0 && into <= most;
}

}  // namespace

// Both live as long as the process: finalising takes tens of milliseconds and runs what a tool left behind.
struct Python::State {
  PyObject* runtime;
  PyObject* ready;  // what go() calls
};

Python::Python(std::unique_ptr<State> state) : state_(std::move(state)) {}
Python::Python(Python&&) noexcept = default;
Python& Python::operator=(Python&&) noexcept = default;
Python::~Python() = default;

base::Result<Python> Python::start(const PythonPaths& paths, std::span<const std::string> packages) {
  if (!names_come_from_files()) return base::fail_errno("python: name services could not be set");
  if (!initialise(paths)) return fail(Why::kBroken, "python: CPython did not initialise");
  PyRef runtime = start_runtime(paths, packages);
  if (!runtime) {
    PyErr_Print();  // still our own code only: the log shows which module is missing
    return fail(Why::kBroken, "python: the runtime did not start: the lines above say what is missing");
  }
  return Python(std::make_unique<State>(State{runtime.release(), nullptr}));
}

base::Result<Python::UsualCall> Python::usual_call() {
  const PyRef made(PyObject_CallMethod(state_->runtime, "usual", nullptr));
  if (!made || !PyTuple_Check(made.get())) return broken("python: there is no call to rehearse with");
  UsualCall call;
  call.prepare.timeout_ms = limits::kTimeoutMaxMs;  // no less CPU time than the call after it may have
  const bool fits = take_bytes(made.get(), 0, call.prepare.wire_name.kMax, call.prepare.wire_name) &&
                    take_bytes(made.get(), 1, call.prepare.code.kMax, call.prepare.code) &&
                    take_bytes(made.get(), 2, call.prepare.source.kMax, call.prepare.source) &&
                    take_bytes(made.get(), 3, call.prepare.input_schema.kMax, call.prepare.input_schema) &&
                    take_bytes(made.get(), 4, call.go.body.kMax, call.go.body);
  if (!fits) return broken("python: the call to rehearse with is none");
  return call;
}

void Python::forget_call() {
  if (!PyRef(PyObject_CallMethod(state_->runtime, "forget", nullptr))) PyErr_Clear();
}

base::Result<void> Python::reseed() {
  const PyRef done(PyObject_CallMethod(state_->runtime, "reseed", nullptr));
  if (!done) return broken("python: reseeding failed");
  return {};
}

base::Result<protocol::Compiled> Python::compile(const protocol::Compile& job) {
  const PyRef made(PyObject_CallMethod(
      state_->runtime, "check", "y#y#y#", job.source.data(), static_cast<Py_ssize_t>(job.source.size()),
      job.input_schema.data(), static_cast<Py_ssize_t>(job.input_schema.size()), job.output_schema.data(),
      static_cast<Py_ssize_t>(job.output_schema.size())));
  if (!made || !PyTuple_Check(made.get())) return broken("python: the code could not be checked");
  protocol::Compiled compiled;
  protocol::CodeReport& report = compiled.report;
  long valid = 0;
  long has_main = 0;
  long line = 0;
  const bool fits = take_number(made.get(), 0, 1, valid) && take_number(made.get(), 1, 1, has_main) &&
                    take_number(made.get(), 2, limits::kCodeBytes, line) &&
                    take_bytes(made.get(), 3, report.problem.kMax, report.problem) &&
                    take_bytes(made.get(), 4, report.input_schema.kMax, report.input_schema) &&
                    take_bytes(made.get(), 5, report.parameters.kMax, report.parameters) &&
                    take_names(made.get(), 6, report.modules) &&
                    take_bytes(made.get(), 7, report.analysis.kMax, report.analysis) &&
                    take_bytes(made.get(), 8, compiled.code.kMax, compiled.code) &&
                    take_bytes(made.get(), 9, report.output_schema.kMax, report.output_schema);
  if (!fits) return broken("python: the report is not one");
  report.valid = valid == 1;
  report.has_main = has_main == 1;
  report.line = static_cast<std::uint32_t>(line);
  return compiled;
}

base::Result<void> Python::prepare(const protocol::Prepare& job) {
  state_->ready = PyObject_CallMethod(
      state_->runtime, "prepare", "s#y#y#y#y#INIIs#", job.wire_name.data(),
      static_cast<Py_ssize_t>(job.wire_name.size()), job.code.data(),
      static_cast<Py_ssize_t>(job.code.size()), job.source.data(), static_cast<Py_ssize_t>(job.source.size()),
      job.input_schema.data(), static_cast<Py_ssize_t>(job.input_schema.size()), job.output_schema.data(),
      static_cast<Py_ssize_t>(job.output_schema.size()), static_cast<unsigned int>(job.timeout_ms),
      PyBool_FromLong(job.mode == protocol::RunMode::kTest ? 1 : 0), static_cast<unsigned int>(job.kind),
      static_cast<unsigned int>(job.method), job.uri.data(), static_cast<Py_ssize_t>(job.uri.size()));
  if (!state_->ready) return broken("python: the prepared code cannot be loaded", Why::kInvalid);
  return {};
}

base::Result<protocol::Outcome> Python::go(const protocol::Go& order) {
  if (!state_->ready) return fail(Why::kInvalid, "python: nothing was prepared");
  const PyRef ready(std::exchange(state_->ready, nullptr));
  const PyRef secrets = secrets_of(order);
  if (!secrets) return broken("python: the secrets could not be made");
  const PyRef made(PyObject_CallFunction(
      ready.get(), "y#OiIIy#", order.body.data(), static_cast<Py_ssize_t>(order.body.size()), secrets.get(),
      order.legacy ? 1 : 0, static_cast<unsigned>(order.can), static_cast<unsigned>(order.log_level),
      order.state.data(), static_cast<Py_ssize_t>(order.state.size())));
  if (!made || !PyTuple_Check(made.get())) return broken("python: the call made no outcome");
  protocol::Outcome outcome;
  long end = 0;
  const bool fits =
      take_number(made.get(), 0, static_cast<long>(protocol::CallEnd::kMissingCapability), end) &&
      take_bytes(made.get(), 1, outcome.result.kMax, outcome.result) &&
      take_bytes(made.get(), 2, outcome.log_result.kMax, outcome.log_result) &&
      take_bytes(made.get(), 3, outcome.log_output.kMax, outcome.log_output) &&
      take_bytes(made.get(), 4, outcome.log_error.kMax, outcome.log_error) &&
      take_bytes(made.get(), 5, outcome.state.kMax, outcome.state);
  if (!fits || end == 0) return broken("python: the outcome is not one");
  outcome.end = static_cast<protocol::CallEnd>(end);
  return outcome;
}

}  // namespace mcpbox::executor
