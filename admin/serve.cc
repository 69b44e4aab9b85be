// Runs in admin.  Trusts the monitor; without it nothing here is worth anything, so its end is ours.
#include "admin/serve.h"

#include <cstdlib>

#include "admin/routes.h"
#include "privsep/protocol/orders.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::admin {
namespace {

constexpr std::size_t kMostFromMonitor = protocol::Protocol::max_reply_bytes(protocol::Role::kAdmin);

std::string unreadable(int /*status*/, std::string_view message) { return detail_body(message); }

}  // namespace

Service::Service(loop::Loop& loop, const base::Log& log, base::Fd link, std::vector<base::Fd> listeners,
                 Site site, UiFiles files)
    : a_(loop, log, std::move(site), std::move(files)),
      http_(loop, HttpLimits{}, unreadable,
            [this](const std::shared_ptr<Exchange>& exchange) { answer(a_, exchange); }) {
  a_.monitor = std::make_unique<loop::Link>(
      loop, std::move(link), loop::LinkLimits{.max_payload = kMostFromMonitor},
      [](const wire::Frame& /*frame*/) {}, [this](const base::Error& why) { on_monitor_gone(why); });
  for (base::Fd& listener : listeners) http_.add_listener(std::move(listener));
}

int Service::run(std::uint32_t layers) {
  a_.tasks.spawn(start(layers));
  a_.loop.run();
  return exit_status_;
}

Task<Nothing> Service::start(std::uint32_t layers) {
  protocol::Hello hello{.layers = layers, .build = MCPBOX_VERSION};
  base::Result<protocol::Settings> settings = co_await attempt(a_.monitor->ask(hello));
  if (!settings) {
    a_.log.error("the monitor does not want us", settings.error());
    exit_status_ = EXIT_FAILURE;
    a_.loop.stop();
    co_return Nothing{};
  }
  a_.version = settings->version;
  a_.openapi = openapi_document(a_.version);
  a_.site.listen(std::vector<std::string>(settings->listeners.begin(), settings->listeners.end()));
  http_.open();
  a_.log.info("serving",
              {{"listeners", settings->listeners.size()}, {"ui", a_.files.empty() ? "none" : "yes"}});
  co_return Nothing{};
}

void Service::on_monitor_gone(const base::Error& why) {
  a_.log.info("the monitor is gone", {{"reason", why.text}});
  exit_status_ = why.why == base::Why::kCancelled ? EXIT_SUCCESS : EXIT_FAILURE;
  a_.loop.stop();
}

}  // namespace mcpbox::admin
