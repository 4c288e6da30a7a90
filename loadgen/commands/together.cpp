#include "loadgen/commands/together.hpp"

#include "common/base/cli.hpp"
#include "common/base/fnv1a.hpp"
#include "common/base/units.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/commands/merged_run.hpp"
#include "loadgen/design/run_command.hpp"
#include "loadgen/engine/shard.hpp"
#include "loadgen/rendezvous/lookup.hpp"
#include "loadgen/rendezvous/session.hpp"
#include "loadgen/results/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;
using Describe = std::function<Json(const RunOptions&, const RunResult&)>;
using rendezvous::Outcome;
using rendezvous::Peers;
using rendezvous::Session;
using rendezvous::Terms;

constexpr std::uint64_t kMostTokenFile = 4096;
constexpr std::size_t kMostToken = 128;
// Longer than hosts of one kind can differ in the same work.
constexpr Nanos kDrainOfRequests = std::chrono::minutes(10);

class Digest {
  public:
    // With its size: "ab", "c" is not "a", "bc".
    void add(std::string_view text) {
        hash_ = fnv1a(std::uint64_t{text.size()}, fnv1a(text, hash_));
    }
    void add(std::uint64_t number) { hash_ = fnv1a(number, hash_); }
    std::string text() const { return fmt::format("{:016x}", hash_); }

  private:
    std::uint64_t hash_ = kFnv1aBasis;
};

// A record of another host may be another file under the same name.
void add_replay(Digest& digest, const Replay& replay) {
    digest.add(fmt::format("{} {}", replay.speed, replay.loop));
    const Recording& recording = *replay.recording;
    for (std::size_t i = 0; i < recording.resources().size(); ++i) {
        const Resource resource = recording.resources()[static_cast<std::uint32_t>(i)];
        digest.add(resource.method);
        digest.add(resource.path);
    }
    for (std::size_t i = 0; i < recording.size(); ++i) {
        const Recording::Arrival& one = recording[i];
        digest.add(static_cast<std::uint64_t>(one.at));
        digest.add(std::uint64_t{one.request.resource});
        digest.add(std::uint64_t{one.request.bytes});
    }
}

// What all must have been told alike, in few bytes: the options but for the CPUs, which are each
// host's own, and the record that is replayed.
std::string digest_of(const RunOptions& run) {
    Json options = options_to_json(run);
    options.erase("cpus");
    Digest digest;
    digest.add(options.dump(-1, ' ', false, Json::error_handler_t::replace));
    digest.add(fmt::format("{}", run.check_replies));
    digest.add(run.body);
    if (run.replay && run.replay->recording) add_replay(digest, *run.replay);
    return digest.text();
}

Result<std::string> read_token(const std::string& path) {
    const auto text = read_file(path, kMostTokenFile);
    if (!text) return Error{"--peer-token: " + text.error().message};
    const std::string token = text->substr(0, text->find_last_not_of(" \r\n") + 1);
    const bool plain = std::all_of(token.begin(), token.end(),
                                   [](char c) { return c > ' ' && c <= '~' && c != '"'; });
    if (token.empty() || token.size() > kMostToken || !plain) {
        return Error{fmt::format(
            "--peer-token: {} must hold one word of at most {} printable ASCII characters", path,
            kMostToken)};
    }
    return token;
}

Terms terms_of(const TogetherFlags& flags, const Peers& peers, const RunOptions& whole) {
    Terms terms;
    terms.hello = {ECHOTRIO_VERSION, digest_of(whole), peers.rank, peers.addresses.size(),
                   flags.token};
    terms.addresses = peers.addresses;
    terms.patience = flags.timeout;
    // A request may take its whole time limit beyond the window; of a number of requests nobody
    // knows how long each host takes for its own, and only who falls silent is lost at once.
    terms.drain = whole.timeout + (whole.requests > 0 ? kDrainOfRequests : Nanos(0));
    return terms;
}

// What became of each generator; the results of those that have one go to `parts`, their times by
// the leader's clock.
std::vector<GeneratorPart> sort_out(const Terms& terms, const std::vector<Outcome>& outcomes,
                                    std::vector<RunPart>& parts) {
    std::vector<GeneratorPart> generators;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        const Outcome& outcome = outcomes[i];
        GeneratorPart& one = generators.emplace_back();
        one.rank = i + 1;
        one.address = terms.addresses[i];
        if (outcome.clock) {
            one.clock_ahead_s = seconds(outcome.clock->ahead);
            one.clock_error_s = seconds(outcome.clock->error);
        }
        if (!outcome.lost.empty()) one.lost = outcome.lost;
        if (outcome.result.is_null()) continue;
        auto part = part_from_json(outcome.result);
        if (!part) {
            one.lost = fmt::format("its result can't be read: {}", part.error().message);
            continue;
        }
        one.requests = part->merge.result.requests;
        part->merge.result.started_unix_s -= one.clock_ahead_s.value_or(0);
        parts.push_back(std::move(*part));
    }
    return generators;
}

int tell_the_whole(const Terms& terms, const std::vector<Outcome>& outcomes,
                   const RunOutput& output, const RunHeading& heading, const Describe& describe,
                   const RunOptions& whole) {
    std::vector<RunPart> parts;
    const std::vector<GeneratorPart> generators = sort_out(terms, outcomes, parts);
    const auto merged = merge_and_judge(parts, generators);
    if (!merged) {
        std::string why;
        for (const GeneratorPart& one : generators) {
            if (one.lost) why += fmt::format("{} was lost: {}; ", terms.name(one.rank), *one.lost);
        }
        why += fmt::format("there is no result of the whole: {}", merged.error().message);
        return cli::fail(why);
    }
    const std::string load =
        fmt::format("{} generators together: {}", outcomes.size(), heading.load);
    show_run(output, merged->result, {heading.url, load});
    Json json = merged_to_json(parts, *merged, Json::object());
    json["command"] = describe(whole, merged->result)["command"];  // what was asked for, not a part
    return write_run(output, merged->result, json);
}

// What a member says at its end, and its status.
int tell_of_part(const Terms& terms, int verdict, bool quiet) {
    if (quiet) return verdict;
    const char* const word = verdict == cli::kExitOk   ? "VALID"
                             : verdict == kExitInvalid ? "INVALID"
                                                       : "none";
    fmt::print(stderr, "{}: done; the result is with {}, the verdict is {}\n",
               terms.name(terms.hello.rank), terms.name(1), word);
    return verdict;
}

}  // namespace

void add_together_flags(CLI::App& command, TogetherFlags& flags) {
    cli::option(command, "--peers", flags.peers,
                "One load with other generators: a name that has an address for each, or their "
                "list; the lowest address, or the first of the list, leads")
        .delimiter(',')
        .type_name("NAME,...")
        .excludes("--shard")
        .excludes("--start-at")
        .excludes("--server");
    cli::option(command, "--generators", flags.generators,
                "How many they are, 1: this one alone; 0: as many as the name has, once that has "
                "settled")
        .range(0, kMostGenerators);
    cli::option(command, "--rank", flags.rank,
                "Which of them this one is, from 1; 0: the one whose address this machine has")
        .range(0, kMostGenerators);
    cli::option(command, "--peer-port", flags.port, "Where the first of them listens");
    cli::duration(command, "--peer-timeout", flags.timeout,
                  "Wait so long for all to start, to meet and to connect, each")
        .check(cli::at_most(std::chrono::hours(1)));
    cli::option(command, "--peer-token", flags.token_file,
                "A file with a secret that all of them have; who lacks it is refused")
        .type_name("FILE");
}

Status finish_together_flags(TogetherFlags& flags, const CLI::App& command) {
    if (flags.peers.empty()) {
        for (const char* flag :
             {"--generators", "--rank", "--peer-port", "--peer-timeout", "--peer-token"}) {
            if (cli::is_given(command, flag)) return Error{fmt::format("{}: needs --peers", flag)};
        }
        return Done{};
    }
    const bool named = std::none_of(flags.peers.begin(), flags.peers.end(),
                                    [](const std::string& name) { return name.empty(); });
    if (!named) return Error{"--peers: write NAME, or a list like 10.0.0.1,10.0.0.2"};
    if (flags.peers.size() > 1 && flags.generators == 0) flags.generators = flags.peers.size();
    if (flags.peers.size() > 1 && flags.generators != flags.peers.size()) {
        return Error{fmt::format("--generators: --peers lists {}", flags.peers.size())};
    }
    if (flags.generators > 0 && flags.rank > flags.generators) {
        return Error{fmt::format("--rank: there are {} generators", flags.generators)};
    }
    if (flags.port == 0) return Error{"--peer-port: must be > 0, all have to know it"};
    if (flags.timeout <= Nanos(0)) return Error{"--peer-timeout: must be > 0"};
    if (flags.generators == 1) flags.peers.clear();  // alone, as without them
    if (flags.token_file.empty()) return Done{};
    auto token = read_token(flags.token_file);
    if (!token) return token.error();
    flags.token = std::move(*token);
    return Done{};
}

int run_together(const TogetherFlags& flags, TrialOptions trial, const RunOutput& output,
                 const RunHeading& heading, const Describe& describe,
                 const std::function<bool()>& stop) {
    const auto peers =
        rendezvous::find_peers({flags.peers, flags.generators, flags.rank, flags.timeout}, stop);
    if (!peers) return cli::fail(peers.error().message);
    const RunOptions whole = trial.run;
    const Shard shard{peers->rank, peers->addresses.size()};
    if (const Status taken = take_shard(trial.run, shard); !taken) {
        return cli::fail(taken.error().message, cli::kExitUsage);
    }
    const Terms terms = terms_of(flags, *peers, whole);
    auto session = Session::open(terms, flags.port);
    if (!session) return cli::fail(session.error().message);
    const std::unique_ptr<Session>& others = *session;
    if (const Status met = others->meet(stop); !met) return cli::fail(met.error().message);
    if (!output.quiet) {
        fmt::print(stderr, "{}{}: all are here\n", terms.name(shard.index),
                   shard.index == 1 ? ", which leads" : "");
    }
    trial.begin = [&]() -> std::optional<std::chrono::system_clock::time_point> {
        const auto start = others->begin(stop);
        if (!start) return std::nullopt;
        return *start + stagger(whole, shard);
    };
    const auto own = run_trial(trial, {}, [&] {
        if (stop()) others->interrupt();
        return others->must_stop();
    });
    if (own) {
        others->finish(describe(trial.run, *own));
    } else {
        others->fail(own.error().message);
    }
    const rendezvous::Ending ending = others->end(stop);
    if (!ending.failure.empty()) return cli::fail(ending.failure);
    if (shard.index != 1) return tell_of_part(terms, ending.verdict, output.quiet);
    const int status = tell_the_whole(terms, ending.outcomes, output, heading, describe, whole);
    others->judge(status);
    return status;
}

}  // namespace echotrio::loadgen
