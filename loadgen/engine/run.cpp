// The controlling thread of a run: starts the workers together, calls the hooks at the edges of the
// window and once a second, and adds up the threads' books.
#include "loadgen/engine/run.hpp"

#include "loadgen/engine/hiccup.hpp"
#include "loadgen/engine/notes.hpp"
#include "loadgen/engine/thread_usage.hpp"
#include "loadgen/engine/worker.hpp"
#include "loadgen/record/summary.hpp"
#include "loadgen/results/merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <system_error>
#include <thread>

namespace echotrio::loadgen {
namespace {

constexpr Nanos kPoll = std::chrono::milliseconds(20);
constexpr Nanos kNear = std::chrono::milliseconds(250);
// From the word "start" to the start: longer than a worker's look at it.
constexpr Nanos kStartAhead = std::chrono::milliseconds(20);
constexpr std::uint64_t kSpareDescriptors = 64;

// What a TimePoint lacks to be a time since 1970.
Nanos since_1970() {
    return std::chrono::system_clock::now().time_since_epoch() - now().time_since_epoch();
}

class Run {
  public:
    Run(const RunOptions& options, const RunHooks& hooks, const Prepared& prepared);
    ~Run();
    Result<RunResult> execute();

  private:
    bool all(Worker::Phase phase) const;
    bool any_failed() const;
    void poll_until(TimePoint until);
    Status start_threads();
    void ask_to_stop();
    bool wait_for_connections();
    Error call_off();
    std::string failure() const;
    std::optional<TimePoint> choose_start() const;
    void watch_run();
    void collect_second();
    void add_worker(Worker& worker);
    void add_status_codes(const Ledger& ledger);
    void summarise_run();
    void hand_over_record();

    const RunOptions& options_;
    const RunHooks& hooks_;
    const Prepared& prepared_;
    std::optional<Profile> profile_;
    Signals signals_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<std::thread> threads_;

    TimePoint begin_, end_;
    double cpu_at_begin_ = 0;
    bool window_open_ = false, window_closed_ = false;
    Durations total_;
    std::vector<std::uint64_t> completed_;  // by class
    Progress previous_;
    double replies_ = 0, replies_squared_ = 0, area_ = 0;
    std::uint64_t syscalls_ = 0, in_time_ = 0;
    bool spun_ = true;  // all of them
    RunResult result_;
};

Run::Run(const RunOptions& options, const RunHooks& hooks, const Prepared& prepared)
    : options_(options),
      hooks_(hooks),
      prepared_(prepared),
      total_(prepared.class_limits.size()),
      completed_(prepared.class_limits.size()) {
    result_.errors.stray = 0;
    if (!options.rate.empty()) {
        std::vector<RateStep> steps = options.rate;
        // The warm-up runs at the rate at which the window begins.
        if (options.warmup > Nanos(0)) {
            steps.insert(steps.begin(), {options.rate.front().rate, options.warmup});
        }
        profile_.emplace(steps);
    }
    const std::uint64_t threads = std::min(options.threads, options.connections);
    for (std::uint64_t i = 0; i < threads; ++i) {
        workers_.push_back(std::make_unique<Worker>(prepared, profile_ ? &*profile_ : nullptr,
                                                    Share{i, threads}, signals_));
    }
}

Status Run::start_threads() try {
    threads_.reserve(workers_.size());
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        threads_.emplace_back([this, i] {
            if (!options_.cpus.empty()) {  // these CPUs were checked when the run began
                static_cast<void>(
                    net::pin_to_cpus(std::span(&options_.cpus[i % options_.cpus.size()], 1)));
            }
            workers_[i]->run();
        });
    }
    return Done{};
} catch (const std::system_error& why) {  // those that run are stopped by the destructor
    return Error{fmt::format("cannot start generator thread {} of {} ({}): use fewer --threads",
                             threads_.size() + 1, workers_.size(), why.code().message())};
}

Run::~Run() {
    ask_to_stop();
    for (std::thread& thread : threads_) {
        if (thread.joinable()) thread.join();
    }
}

bool Run::all(Worker::Phase phase) const {
    return std::all_of(workers_.begin(), workers_.end(),
                       [&](const auto& w) { return w->phase() == phase; });
}

bool Run::any_failed() const {
    return std::any_of(workers_.begin(), workers_.end(),
                       [](const auto& w) { return w->phase() == Worker::Phase::failed; });
}

void Run::ask_to_stop() {
    std::int64_t never = Signals::kNever;
    signals_.stop.compare_exchange_strong(never, now().time_since_epoch().count());
}

void Run::poll_until(TimePoint until) {
    std::this_thread::sleep_until(std::min(until, now() + kPoll));
    if (!result_.interrupted && hooks_.stop && hooks_.stop()) {
        result_.interrupted = true;
        ask_to_stop();
    }
}

// False: a thread could not connect at all, or the run was called off before it began.
bool Run::wait_for_connections() {
    while (!all(Worker::Phase::connected) && !any_failed() && !result_.interrupted) {
        poll_until(now() + kPoll);
    }
    return !any_failed() && !result_.interrupted;
}

// Ends what runs; the error says why.
Error Run::call_off() {
    ask_to_stop();
    for (std::thread& thread : threads_) thread.join();
    return Error{failure()};
}

std::string Run::failure() const {
    for (const auto& worker : workers_) {
        if (worker->phase() == Worker::Phase::failed && !worker->report().error.empty()) {
            return worker->report().error;
        }
    }
    return "stopped before the run began";
}

// Empty: there is no run after all.
std::optional<TimePoint> Run::choose_start() const {
    auto at = options_.start_at;
    if (hooks_.begin) {
        at = hooks_.begin();
        if (!at) return std::nullopt;
    }
    const TimePoint soon = now() + kStartAhead;
    if (!at) return soon;
    const Nanos ahead = std::chrono::duration_cast<Nanos>(*at - std::chrono::system_clock::now());
    return std::max(soon, now() + ahead);
}

// What the workers handed over of the last second, as one interval.
void Run::collect_second() {
    Progress sum;
    Durations second(total_.latency.size());
    for (const auto& worker : workers_) {
        Ledger& ledger = worker->ledger();
        if (!ledger.has_flipped()) {  // it has ended; its durations are added up at the end
            sum += ledger.progress();
            continue;
        }
        sum += ledger.handed().progress;
        second.add(ledger.handed().durations);
        ledger.give_back();
    }
    total_.add(second);
    Histogram latency;
    for (const Histogram& one : second.latency) latency.add(one);
    Interval interval;
    interval.at_s = std::max(1.0, std::floor(seconds(now() - begin_)));
    interval.due = sum.due - previous_.due;
    interval.completed = sum.completed - previous_.completed;
    interval.in_flight = sum.due - sum.ended;
    interval.errors = sum.errors - previous_.errors;
    interval.p50_us = supported_percentile_us(latency, 50);
    interval.p99_us = supported_percentile_us(latency, 99);
    previous_ = sum;
    if (hooks_.second) hooks_.second(interval);
    result_.intervals.push_back(interval);
}

void Run::watch_run() {
    const bool counts = options_.requests > 0;
    std::optional<Hiccup> hiccup;
    const auto close_window = [&] {
        if (window_closed_) return;
        window_closed_ = true;
        result_.generator.cpu_s = process_cpu_s() - cpu_at_begin_;
        if (hiccup) {
            const Histogram& late = hiccup->stop();
            result_.machine.hiccup_p99_us = supported_percentile_us(late, 99);
            result_.machine.hiccup_max_us = static_cast<double>(late.max()) / 1000;
        }
        if (!window_open_ || !hooks_.window_ends) return;
        hooks_.window_ends(counts || result_.interrupted ? now() : end_);
    };
    const auto open_window = [&] {
        window_open_ = true;
        result_.started_unix_s = seconds(begin_.time_since_epoch() + since_1970());
        cpu_at_begin_ = process_cpu_s();
        hiccup.emplace();
        if (hooks_.window_begins) hooks_.window_begins(begin_);
    };
    const TimePoint near = begin_ - std::min(options_.warmup, kNear);
    bool nears = options_.warmup > Nanos(0);
    while (!all(Worker::Phase::done) && !any_failed()) {
        if (nears && now() >= near) {
            nears = false;
            if (hooks_.window_nears) hooks_.window_nears();
        }
        if (!window_open_ && now() >= begin_) open_window();
        if (window_open_ && (result_.interrupted || (!counts && now() >= end_))) close_window();
        if (std::all_of(workers_.begin(), workers_.end(), [](const auto& w) {
                return w->phase() == Worker::Phase::done ||
                       (w->phase() == Worker::Phase::running && w->ledger().has_flipped());
            })) {
            collect_second();
        }
        poll_until(nears                        ? near
                   : !window_open_              ? begin_
                   : !counts && !window_closed_ ? end_
                                                : now() + kPoll);
    }
    // All of it was over before this thread got a CPU: late, which the hooks can tell by the clock.
    if (!window_open_ && !any_failed() && now() >= begin_) open_window();
    close_window();
}

void Run::add_worker(Worker& worker) {
    const Ledger& ledger = worker.ledger();
    if (ledger.has_flipped()) total_.add(ledger.handed().durations);
    total_.add(ledger.remaining());
    add(result_.accounting, ledger.within());
    add(result_.total, ledger.within());
    add(result_.total, ledger.before());
    const Worker::Report& report = worker.report();
    add(result_.errors, ledger.errors());
    result_.errors.connect += report.connect_errors;
    if (report.protocol_fault != nullptr) result_.protocol_fault = report.protocol_fault;
    if (options_.target.scheme == Scheme::http) add_status_codes(ledger);

    result_.connections.opened += report.sockets.opened;
    result_.connections.served += report.served;
    result_.connections.idle += report.idle;
    result_.connections.idle_lost += report.sockets.idle_lost;
    result_.connections.out_of_ports += report.sockets.out_of_ports;
    result_.connections.out_of_descriptors += report.sockets.out_of_descriptors;
    replies_ += report.replies;
    replies_squared_ += report.replies_squared;
    result_.in_flight_at_end += report.in_flight_at_end;
    result_.backlog_at_end += report.backlog_at_end;
    area_ += ledger.in_flight_seconds();
    in_time_ += ledger.progress().completed;
    syscalls_ += report.use.syscalls;
    if (const WindowUse& own = report.use; own.measured_s > 0) {
        GeneratorUse& use = result_.generator;
        use.busiest_thread =
            std::max(use.busiest_thread, (own.cpu_s - own.spun_s) / own.measured_s);
        use.spin_s = use.spin_s.value_or(0) + own.spun_s;
        use.run_queue_wait = std::max(use.run_queue_wait, own.run_queue_wait_s / own.measured_s);
    }
    spun_ &= report.spun;
    for (const double gap : report.unit_gaps) result_.sampled_gaps_s.push_back(gap);
    for (std::size_t i = 0; i < completed_.size(); ++i) {
        completed_[i] += ledger.completed_by_class()[i];
    }
    begin_ = std::min(begin_, ledger.window_begin());  // earlier when stopped in the warm-up
    end_ = std::max(end_, ledger.window_end());
}

void Run::add_status_codes(const Ledger& ledger) {
    if (!result_.status_codes) result_.status_codes.emplace();
    const auto& counts = ledger.status_codes();
    for (std::size_t code = 0; code < counts.size(); ++code) {
        if (counts[code] > 0) (*result_.status_codes)[std::to_string(code)] += counts[code];
    }
}

void Run::summarise_run() {
    RunResult& r = result_;
    r.duration_s = seconds(end_ - begin_);
    r.requests = r.accounting.completed;
    if (r.duration_s > 0) {
        r.throughput_rps = static_cast<double>(in_time_) / r.duration_s;
        r.mean_in_flight = area_ / r.duration_s;
    }
    const auto slots = static_cast<double>(options_.connections);
    if (replies_ > 0) r.connections.fairness = replies_ * replies_ / (slots * replies_squared_);
    r.generator.threads = workers_.size();
    // The process was looked at by another thread than those that spun.
    r.generator.cpu_s = std::max(r.generator.cpu_s - r.generator.spin_s.value_or(0), 0.0);
    r.generator.idle_strategy = name_of(spun_ ? IdleStrategy::spin : IdleStrategy::sleep);
    if (in_time_ > 0) {
        r.generator.syscalls_per_request =
            static_cast<double>(syscalls_) / static_cast<double>(in_time_);
    }
    for (std::size_t i = 0; i < total_.latency.size(); ++i) {
        r.latency.add(total_.latency[i]);
        if (options_.classes.empty()) continue;
        r.classes.push_back({options_.classes[i].name, completed_[i], summarise(total_.latency[i]),
                             total_.latency[i]});
    }
    if (options_.is_open_loop() || options_.think > Nanos(0)) {
        r.service_time = total_.service_time;
        r.lateness = total_.lateness;
    } else {  // each request starts when it is due, so these need not be recorded
        r.service_time = r.latency;
        r.lateness.record(0, r.accounting.sent);
    }
    if (options_.is_open_loop()) {
        r.generator.send_delay_p99_us = supported_percentile_us(total_.send_delay, 99);
        const double mean_gap =
            r.duration_s / static_cast<double>(std::max<std::uint64_t>(1, r.accounting.scheduled));
        for (double& gap : r.sampled_gaps_s) gap *= mean_gap;
    }
    r.latency_us = summarise(r.latency);
    r.service_time_us = summarise(r.service_time);
    r.lateness_us = summarise(r.lateness);
    r.clamped = r.latency.clamped() + r.service_time.clamped() + r.lateness.clamped() > 0;
}

void Run::hand_over_record() {
    if (!hooks_.record) return;
    std::vector<Notes*> notes;
    notes.reserve(workers_.size());
    for (const auto& worker : workers_) notes.push_back(worker->notes());
    hooks_.record(join_notes(prepared_, notes, begin_, since_1970()));
}

Result<RunResult> Run::execute() {
    if (auto started = start_threads(); !started) return started.error();
    if (!wait_for_connections()) return call_off();
    if (hooks_.connected) hooks_.connected();
    const auto start = choose_start();
    if (!start) return call_off();
    begin_ = *start + options_.warmup;
    end_ = begin_ + options_.duration;
    signals_.start.store(start->time_since_epoch().count(), std::memory_order_release);
    watch_run();
    if (any_failed()) return call_off();
    for (std::thread& thread : threads_) thread.join();
    if (hooks_.drained) hooks_.drained();
    end_ = TimePoint();
    for (const auto& worker : workers_) add_worker(*worker);
    summarise_run();
    hand_over_record();
    return std::move(result_);
}

}  // namespace

Result<RunResult> run(const RunOptions& options, const RunHooks& hooks) {
    auto prepared = prepare_load(options);
    if (!prepared) return prepared.error();
    const std::uint64_t limit = net::raise_descriptor_limit();
    const std::uint64_t needed = options.connections + options.idle + kSpareDescriptors;
    if (needed > limit) {
        return Error{fmt::format(
            "{} connections need about {} descriptors, this process may have {}: raise the limit "
            "(ulimit -n) or use fewer connections",
            options.connections + options.idle, needed, limit)};
    }
    if (const Status pinned = net::pin_to_cpus(options.cpus); !pinned) return pinned.error();
    if (hooks.record) {
        prepared->noted = Recording::kMostRequests / std::min(options.threads, options.connections);
    }
    return Run(options, hooks, *prepared).execute();
}

}  // namespace echotrio::loadgen
