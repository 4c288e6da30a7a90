#include "loadgen/rendezvous/session.hpp"

#include "common/base/units.hpp"
#include "common/net/socket.hpp"
#include "loadgen/rendezvous/leader.hpp"
#include "loadgen/rendezvous/member.hpp"
#include "loadgen/rendezvous/wire.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <future>
#include <map>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace echotrio::loadgen::rendezvous {
namespace {

constexpr Nanos kLook = std::chrono::milliseconds(20);   // the run's, at what the thread has done
constexpr Nanos kTick = std::chrono::milliseconds(200);  // the thread's, where nothing comes
constexpr Nanos kTryAgain = std::chrono::milliseconds(200);
constexpr Nanos kConnect = std::chrono::seconds(1);    // for one try to reach the leader
constexpr Nanos kLastWords = std::chrono::seconds(2);  // for what is still to be sent
constexpr int kBacklog = 128;
constexpr int kMostAccepted = 64;  // in a row

Moment moment() {
    return {now(),
            std::chrono::duration_cast<Nanos>(std::chrono::system_clock::now().time_since_epoch())};
}

}  // namespace

// Between the run and the thread: each value is written by one of them before the flag that
// announces it, or goes through a promise.
struct Session::Mailbox {
    std::atomic<bool> connected{false}, has_result{false}, has_failed{false}, interrupted{false},
        closing{false}, must_stop{false};
    std::atomic<int> verdict{-1};
    nlohmann::ordered_json result;
    std::string failed;
    std::promise<Status> met;
    std::promise<std::optional<Nanos>> start;
    std::promise<Ending> ending;
};

class Session::Driver {
  public:
    Driver(const Terms& terms, std::uint16_t port, net::Fd listener);
    ~Driver();

    void wake() const { ::eventfd_write(wake_.get(), 1); }
    Mailbox mail;
    std::future<Status> met = mail.met.get_future();
    std::future<std::optional<Nanos>> start = mail.start.get_future();
    std::future<Ending> ending = mail.ending.get_future();

  private:
    void run();
    void take_orders();
    void publish();
    void try_leader();
    void keep_trying_leader();
    void deliver();
    void drop(Link link, const std::string& why);
    void wait_and_read();
    void accept_callers();
    void read_from(Link link);
    bool is_done() const;

    Terms terms_;
    std::uint16_t port_;
    net::Fd listener_, wake_;
    std::unique_ptr<Party> party_;
    Leader* leader_ = nullptr;  // what party_ is, one of these two
    Member* member_ = nullptr;
    std::map<Link, Wire> wires_;
    Link next_link_ = 0;
    TimePoint began_, next_try_;
    std::string unreachable_;  // why the leader was, last time
    bool told_met_ = false, told_start_ = false, told_ending_ = false;
    bool took_connected_ = false, took_failed_ = false, took_result_ = false, took_verdict_ = false;
    std::optional<TimePoint> closing_since_;
    std::thread thread_;
};

Session::Driver::Driver(const Terms& terms, std::uint16_t port, net::Fd listener)
    : terms_(terms),
      port_(port),
      listener_(std::move(listener)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      began_(now()) {
    if (listener_) {
        net::set_nonblocking(listener_.get(), true);
        auto leader = std::make_unique<Leader>(terms, moment());
        leader_ = leader.get();
        party_ = std::move(leader);
    } else {
        try_leader();
    }
    thread_ = std::thread([this] { run(); });
}

Session::Driver::~Driver() {
    mail.closing = true;
    wake();
    thread_.join();
}

void Session::Driver::run() {
    while (!is_done()) {
        take_orders();
        party_->tick(moment());
        deliver();
        if (member_ != nullptr) keep_trying_leader();
        publish();
        wait_and_read();
    }
}

bool Session::Driver::is_done() const {
    if (!closing_since_) return false;
    if (wires_.empty() || now() - *closing_since_ > kLastWords) return true;
    // Who closes first while the other still talks resets what was said last. So the leader and a
    // member that can't run wait for the other end.
    const bool others_turn = leader_ != nullptr || took_failed_;
    return !others_turn && std::none_of(wires_.begin(), wires_.end(),
                                        [](const auto& one) { return one.second.has_output(); });
}

void Session::Driver::take_orders() {
    if (mail.interrupted.exchange(false)) {
        took_failed_ = true;
        party_->interrupted();
    }
    if (mail.connected && !std::exchange(took_connected_, true)) party_->connected(moment());
    if (mail.has_failed.exchange(false)) {
        took_failed_ = true;
        party_->failed(mail.failed);
    }
    if (mail.has_result && !std::exchange(took_result_, true)) {
        party_->finished(std::move(mail.result), moment());
    }
    if (mail.verdict >= 0 && !std::exchange(took_verdict_, true)) party_->judged(mail.verdict);
    if (mail.closing && !closing_since_) closing_since_ = now();
}

void Session::Driver::publish() {
    const bool in_time = now() - began_ <= terms_.patience;
    if (member_ != nullptr && member_->may_try_again() && in_time) return;
    const std::string& failure = party_->failure();
    if (party_->must_stop()) mail.must_stop = true;
    if (!told_met_ && (party_->prepared() || !failure.empty())) {
        told_met_ = true;
        listener_.reset();
        mail.met.set_value(failure.empty() ? Status(Done{}) : Status(Error{failure}));
    }
    if (!told_start_ && (party_->start() || !failure.empty())) {
        told_start_ = true;
        mail.start.set_value(failure.empty() ? party_->start() : std::nullopt);
    }
    if (!told_ending_ && party_->over()) {
        told_ending_ = true;
        Ending how{failure};
        if (leader_ != nullptr) how.outcomes = leader_->take_outcomes();
        if (member_ != nullptr) how.verdict = member_->verdict().value_or(0);
        mail.ending.set_value(std::move(how));
    }
}

// A connection to the leader and a member that knows of nothing yet.
void Session::Driver::try_leader() {
    next_try_ = now() + kTryAgain;
    wires_.clear();
    auto member = std::make_unique<Member>(terms_, moment());
    member_ = member.get();
    party_ = std::move(member);
    const auto to = net::resolve(terms_.addresses.front(), port_);
    const auto from = net::resolve(terms_.addresses[terms_.hello.rank - 1], 0);
    if (!to || !from) return;
    net::Connecting begun = net::begin_connect(to->front(), &from->front());
    if (begun.error == EINPROGRESS) {
        pollfd wait{begun.connection.get(), POLLOUT, 0};
        const int ready = net::retry([&] { return ::poll(&wait, 1, net::poll_timeout(kConnect)); });
        begun.error = ready > 0 ? net::pending_error(begun.connection.get()) : ETIMEDOUT;
    }
    if (begun.error == 0) {
        wires_.emplace(0, Wire(std::move(begun.connection)));
    } else {
        unreachable_ = std::strerror(begun.error);
    }
}

void Session::Driver::keep_trying_leader() {
    const bool here = !wires_.empty() && party_->failure().empty();
    if (here || !member_->may_try_again() || told_met_) return;
    if (now() < next_try_) return;
    if (!party_->failure().empty()) unreachable_ = party_->failure();
    if (now() - began_ <= terms_.patience) {
        try_leader();
    } else if (party_->failure().empty()) {
        party_->failed(fmt::format("{}, the leader, did not answer on port {} within {}: {}",
                                   terms_.name(1), port_, format_duration(terms_.patience),
                                   unreachable_));
    }
}

void Session::Driver::drop(Link link, const std::string& why) {
    wires_.erase(link);
    if (member_ != nullptr && member_->may_try_again()) {
        unreachable_ = why;
    } else {
        party_->ended(link, why, moment());
    }
}

void Session::Driver::deliver() {
    for (const Party::Send& send : party_->take_sends()) {
        const auto wire = wires_.find(send.link);
        if (wire == wires_.end()) continue;
        wire->second.send(send.line);
        if (send.then_close) wire->second.close_after_output();
    }
    std::vector<std::pair<Link, std::string>> broken;
    for (auto& [link, wire] : wires_) {
        if (const auto why = wire.flush()) broken.emplace_back(link, *why);
    }
    for (const auto& [link, why] : broken) drop(link, why);
    std::erase_if(wires_, [](const auto& one) { return one.second.is_over(); });
}

void Session::Driver::wait_and_read() {
    std::vector<pollfd> waits{{wake_.get(), POLLIN, 0}};
    if (listener_) waits.push_back({listener_.get(), POLLIN, 0});
    const std::size_t own = waits.size();
    std::vector<Link> links;
    for (const auto& [link, wire] : wires_) {
        links.push_back(link);
        const int events = (wire.is_closing() ? 0 : POLLIN) | (wire.has_output() ? POLLOUT : 0);
        waits.push_back({wire.fd(), static_cast<short>(events), 0});
    }
    const int ready =
        net::retry([&] { return ::poll(waits.data(), waits.size(), net::poll_timeout(kTick)); });
    if (ready <= 0) return;
    eventfd_t woken = 0;
    if (waits[0].revents != 0) ::eventfd_read(wake_.get(), &woken);
    if (own == 2 && waits[1].revents != 0) accept_callers();
    for (std::size_t i = own; i < waits.size(); ++i) {
        if ((waits[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0) read_from(links[i - own]);
    }
}

void Session::Driver::accept_callers() {
    for (int i = 0; i < kMostAccepted; ++i) {
        net::Accepted accepted = net::accept_one(listener_.get(), true);
        if (!accepted.connection) return;
        const auto from = net::peer_address(accepted.connection.get());
        const Link link = next_link_++;
        if (!from || !leader_->admits(link, from->host, moment())) continue;
        wires_.emplace(link, Wire(std::move(accepted.connection)));
    }
}

void Session::Driver::read_from(Link link) {
    auto wire = wires_.find(link);
    const auto ended = wire->second.read(party_->longest_line(link));
    const Moment at = moment();
    while (true) {
        const auto line = wire->second.next_line();
        if (!line) break;
        party_->received(link, *line, at);
    }
    if (!ended && wire->second.pending() > 0) party_->came(link, at);
    if (ended) {
        drop(link, *ended);
    } else if (wire->second.pending() > party_->longest_line(link)) {
        drop(link, "a line of it is too long");
    }
}

Result<std::unique_ptr<Session>> Session::open(const Terms& terms, std::uint16_t port) {
    net::Fd listener;
    if (terms.hello.rank == 1) {
        auto listening = net::listen_tcp({terms.addresses.front(), port}, kBacklog);
        if (!listening) return listening.error();
        listener = std::move(*listening);
    }
    return std::unique_ptr<Session>(
        new Session(std::make_unique<Driver>(terms, port, std::move(listener))));
}

Session::Session(std::unique_ptr<Driver> driver) : driver_(std::move(driver)) {}
Session::~Session() = default;

namespace {

// The value once it is there; while it is not, the operator is asked.
template <class T>
T await(std::future<T>& value, const Stop& stop, const std::function<void()>& interrupt) {
    while (value.wait_for(kLook) != std::future_status::ready) {
        if (stop()) interrupt();
    }
    return value.get();
}

}  // namespace

Status Session::meet(const Stop& stop) {
    return await(driver_->met, stop, [this] { interrupt(); });
}

std::optional<std::chrono::system_clock::time_point> Session::begin(const Stop& stop) {
    driver_->mail.connected = true;
    driver_->wake();
    const auto start = await(driver_->start, stop, [this] { interrupt(); });
    if (!start) return std::nullopt;
    return std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(*start));
}

bool Session::must_stop() const {
    return driver_->mail.must_stop;
}

void Session::interrupt() {
    driver_->mail.interrupted = true;
    driver_->wake();
}

void Session::finish(nlohmann::ordered_json result) {
    driver_->mail.result = std::move(result);
    driver_->mail.has_result = true;
    driver_->wake();
}

void Session::fail(const std::string& why) {
    driver_->mail.failed = why;
    driver_->mail.has_failed = true;
    driver_->wake();
}

Ending Session::end(const Stop& stop) {
    return await(driver_->ending, stop, [this] { interrupt(); });
}

void Session::judge(int status) {
    driver_->mail.verdict = status;
    driver_->wake();
}

}  // namespace echotrio::loadgen::rendezvous
