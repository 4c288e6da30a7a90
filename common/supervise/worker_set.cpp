#include "common/supervise/worker_set.hpp"

#include "common/net/signals.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace echotrio::supervise {
namespace {

// A worker has nothing to do at its start that takes longer.
constexpr Nanos kStartTime = std::chrono::seconds(10);

std::string describe(int status) {
    if (WIFSIGNALED(status)) {
        return fmt::format("was killed by signal {} ({})", WTERMSIG(status),
                           ::strsignal(WTERMSIG(status)));
    }
    return fmt::format("exited with status {}", WEXITSTATUS(status));
}

}  // namespace

void report_started(Slot& slot, int started) {
    slot.state.store(State::idle);
    slot.expect(Nanos(0));
    ::eventfd_write(started, 1);
}

Result<WorkerSet> WorkerSet::create(const Options& options, Scoreboard& board, Body body) {
    auto listeners = Listeners::open(options);
    if (!listeners) return listeners.error();
    net::Fd started(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!started) return Error{fmt::format("cannot make an eventfd: {}", std::strerror(errno))};
    return WorkerSet(options, board, std::move(body), *std::move(listeners), std::move(started));
}

WorkerSet::WorkerSet(const Options& options, Scoreboard& board, Body body, Listeners listeners,
                     net::Fd started)
    : options_(options),
      board_(&board),
      body_(std::move(body)),
      listeners_(std::move(listeners)),
      started_(std::move(started)),
      members_(board.size()) {
    board_->pool().supervisor = ::getpid();
}

Status WorkerSet::spawn() {
    const auto free = std::find_if(members_.begin(), members_.end(),
                                   [](const Member& member) { return member.pid == 0; });
    if (free == members_.end()) {
        return Error{"cannot start a worker: all slots are taken by workers that retire"};
    }
    auto listener = choose_listener();
    if (!listener) return listener.error();

    const auto index = static_cast<std::size_t>(free - members_.begin());
    Slot& slot = board_->slot(index);
    slot.state.store(State::starting);
    slot.order.store(Order::serve);
    slot.generation.store(generation_);
    slot.expect(kStartTime);
    const pid_t supervisor = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) become_worker(index, listeners_.fd(*listener), supervisor);
    if (pid < 0) {
        slot.state.store(State::dead);
        return Error{fmt::format("cannot start a worker: fork: {}", std::strerror(errno))};
    }
    slot.pid.store(pid);
    board_->pool().spawned.add();
    *free = {pid, now(), generation_, *listener};
    return Done{};
}

void WorkerSet::become_worker(std::size_t slot, int listener, pid_t supervisor) {
    // No orphans: the kernel kills us when the supervisor dies, whatever it dies of. It may have
    // died before we asked for that.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != supervisor) ::_exit(1);
    // A terminal sends these to the whole group; what they mean the supervisor tells us.
    ::signal(SIGINT, SIG_IGN);
    ::signal(SIGHUP, SIG_IGN);
    // The supervisor writes it too, but perhaps after this worker has begun to serve.
    board_->slot(slot).pid.store(::getpid());
    ::_exit(body_({slot, listener, started_.get()}));
}

Result<std::size_t> WorkerSet::choose_listener() {
    if (!options_.socket_each) return std::size_t{0};
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
        if (!has_worker(i, takes_over_)) return i;
    }
    if (auto added = listeners_.add(); !added) return added.error();
    return listeners_.size() - 1;
}

bool WorkerSet::has_worker(std::size_t listener, std::uint32_t since) const {
    return std::any_of(members_.begin(), members_.end(), [&](const Member& member) {
        return member.pid != 0 && member.listener == listener && member.order == Order::serve &&
               member.generation >= since;
    });
}

int WorkerSet::listeners_without_worker() const {
    int count = 0;
    for (std::size_t i = 0; i < listeners_.size(); ++i) count += has_worker(i, 0) ? 0 : 1;
    return count;
}

int WorkerSet::note_started() {
    eventfd_t ignored = 0;
    ::eventfd_read(started_.get(), &ignored);
    int count = 0;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        Member& member = members_[i];
        if (member.pid == 0 || member.started) continue;
        member.started = board_->slot(i).state.load() != State::starting;
        count += member.started ? 1 : 0;
    }
    return count;
}

std::vector<Death> WorkerSet::reap() {
    std::vector<Death> deaths;
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
        const auto member = std::find_if(members_.begin(), members_.end(),
                                         [&](const Member& each) { return each.pid == pid; });
        if (member == members_.end()) continue;
        deaths.push_back(record_death(static_cast<std::size_t>(member - members_.begin()), status));
    }
    return deaths;
}

Death WorkerSet::record_death(std::size_t index, int status) {
    Member& member = members_[index];
    Slot& slot = board_->slot(index);
    const bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    const bool open = slot.counters.opened.get() != slot.counters.closed.get();
    Death death{member.pid,
                member.started || slot.state.load() != State::starting,
                member.order != Order::serve,
                clean,
                !clean && !member.doomed && (WIFEXITED(status) || open),
                now() - member.born,
                describe(status)};
    // Its counts stay; the connection that it had has ended with it.
    slot.counters.closed.set(slot.counters.opened.get());
    board_->vacate(index);
    slot.expect(Nanos(0));
    slot.state.store(State::dead);
    slot.pid.store(0);
    if (!clean) board_->pool().died.add();
    member = Member{};
    return death;
}

void WorkerSet::order(std::size_t index, Order what) {
    Member& member = members_[index];
    if (member.pid == 0 || member.order >= what) return;
    member.order = what;
    board_->slot(index).order.store(what);
    ::kill(member.pid, SIGTERM);
}

void WorkerSet::order_all(Order what) {
    for (std::size_t i = 0; i < members_.size(); ++i) order(i, what);
}

void WorkerSet::retire_former() {
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (members_[i].generation < generation_) order(i, Order::retire);
    }
}

void WorkerSet::retire_one_idle() {
    for (std::size_t i = members_.size(); i-- > 0;) {
        if (members_[i].pid == 0 || members_[i].order != Order::serve) continue;
        if (board_->slot(i).state.load() != State::idle) continue;
        return order(i, Order::retire);
    }
}

void WorkerSet::kill_all() {
    for (const Member& member : members_) {
        if (member.pid != 0) ::kill(member.pid, SIGKILL);
    }
}

std::vector<pid_t> WorkerSet::abort_hung() {
    std::vector<pid_t> aborted;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        Member& member = members_[i];
        if (member.pid == 0) continue;
        if (!board_->slot(i).overdue()) {
            member.suspicion = {};
            continue;
        }
        if (!member.suspicion.look(now(), scheduled(member.pid))) continue;
        ::kill(member.pid, member.aborted ? SIGKILL : SIGABRT);
        if (!std::exchange(member.aborted, true)) {
            member.doomed = member.order == Order::serve;
            aborted.push_back(member.pid);
        }
    }
    return aborted;
}

void WorkerSet::next_generation() {
    takes_over_ = ++generation_;
    board_->pool().generation.store(generation_);
}

void WorkerSet::give_up_generation() {
    takes_over_ = 0;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (members_[i].generation == generation_) order(i, Order::retire);
    }
}

bool WorkerSet::starting() const {
    return std::any_of(members_.begin(), members_.end(), [&](const Member& member) {
        return member.pid != 0 && !member.started && member.generation == generation_;
    });
}

bool WorkerSet::anyone_started() const {
    return std::any_of(members_.begin(), members_.end(),
                       [](const Member& member) { return member.pid != 0 && member.started; });
}

std::size_t WorkerSet::alive() const {
    return static_cast<std::size_t>(std::count_if(
        members_.begin(), members_.end(), [](const Member& member) { return member.pid != 0; }));
}

Census WorkerSet::census() {
    Census census;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (members_[i].pid == 0 || members_[i].order != Order::serve) continue;
        const State state = board_->slot(i).state.load();
        ++census.all;
        census.idle += state == State::idle || state == State::starting ? 1 : 0;
    }
    return census;
}

}  // namespace echotrio::supervise
