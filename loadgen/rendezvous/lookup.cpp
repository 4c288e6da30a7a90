#include "loadgen/rendezvous/lookup.hpp"

#include "common/base/units.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <span>
#include <thread>

namespace echotrio::loadgen::rendezvous {
namespace {

constexpr Nanos kAskAgain = std::chrono::milliseconds(250);
constexpr Nanos kSettled = std::chrono::seconds(3);
constexpr std::size_t kShown = 8;

// As the network orders them: IPv4 first, then by their bytes.
std::string sort_key(const net::Address& address) {
    std::string key(1, address.storage.ss_family == AF_INET ? '4' : '6');
    const auto append = [&](const auto& bytes) {
        key.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
    };
    if (address.storage.ss_family == AF_INET) {
        append(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr);
    } else {
        append(reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr);
    }
    return key;
}

std::string shown(const std::vector<std::string>& addresses) {
    const std::size_t some = std::min(addresses.size(), kShown);
    return fmt::format("{}{}", fmt::join(std::span(addresses).first(some), ", "),
                       some < addresses.size() ? ", ..." : "");
}

bool is_loopback(const std::string& address) {
    return address.starts_with("127.") || address == "::1";
}

// Debian's /etc/hosts gives a machine's own name as 127.0.1.1: another host that is told the same
// names would look for that one elsewhere.
Status same_for_all(const std::vector<std::string>& names,
                    const std::vector<std::string>& addresses) {
    if (std::all_of(addresses.begin(), addresses.end(), is_loopback)) return Done{};
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!is_loopback(addresses[i]) || names[i] == addresses[i]) continue;
        return Error{
            fmt::format("--peers: {} is {} on this machine, where no other finds it: write "
                        "addresses instead of names",
                        names[i], addresses[i])};
    }
    return Done{};
}

Result<std::vector<std::string>> look_up(const std::vector<std::string>& names) {
    std::vector<std::string> found;
    for (const std::string& name : names) {
        const auto addresses = net::resolve(name, 0);
        if (!addresses) return addresses.error();
        const auto ordered = in_order(*addresses);
        if (names.size() == 1) return ordered;
        found.push_back(ordered.front());
    }
    if (const Status same = same_for_all(names, found); !same) return same.error();
    return found;
}

bool is_here(const std::string& address) {
    return net::listen_tcp({address, 0}, 1).ok();
}

// From 1. Error: why that can't be told; `is_final` where more of them would not help.
Result<std::uint64_t> own_rank(const std::vector<std::string>& addresses, std::uint64_t asked,
                               bool& is_final) {
    is_final = asked > addresses.size();
    if (is_final) return Error{fmt::format("--rank: there are {} generators", addresses.size())};
    if (asked > 0) return asked;
    std::uint64_t rank = 0;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        if (!is_here(addresses[i])) continue;
        is_final = rank > 0;
        if (is_final) {
            return Error{
                fmt::format("--peers: this machine has several of these addresses ({}): say "
                            "which one this is with --rank",
                            shown(addresses))};
        }
        rank = i + 1;
    }
    if (rank > 0) return rank;
    return Error{
        fmt::format("--peers: this machine has none of these addresses ({}): does it "
                    "have an address in that network?",
                    shown(addresses))};
}

std::string wrong_count(const PeersAsked& asked, const std::vector<std::string>& addresses) {
    const std::string wanted = asked.generators > 0
                                   ? fmt::format("{} were asked for", asked.generators)
                                   : std::string("a load together takes two");
    return fmt::format("--peers: {} generator{} ({}) after {}, {}: are all of them started?",
                       addresses.size(), addresses.size() == 1 ? "" : "s", shown(addresses),
                       format_duration(asked.patience), wanted);
}

}  // namespace

std::vector<std::string> in_order(const std::vector<net::Address>& addresses) {
    std::map<std::string, std::string> ordered;
    bool has_ipv4 = false;
    for (const net::Address& address : addresses) {
        has_ipv4 = has_ipv4 || address.storage.ss_family == AF_INET;
        ordered[sort_key(address)] = net::to_host_port(address).host;
    }
    std::vector<std::string> texts;
    for (const auto& [key, text] : ordered) {
        if (key.front() == '4' || !has_ipv4) texts.push_back(text);
    }
    return texts;
}

Result<Peers> find_peers(const PeersAsked& asked, const std::function<bool()>& stop) {
    const TimePoint end = now() + asked.patience;
    std::vector<std::string> seen;
    TimePoint since = now();
    while (true) {
        std::string why;
        auto addresses = look_up(asked.names);
        if (addresses && *addresses != seen) {
            seen = std::move(*addresses);
            since = now();
        }
        const bool counted = asked.generators > 0 ? seen.size() == asked.generators
                                                  : seen.size() >= 2 && now() - since >= kSettled;
        if (!addresses) {
            why = "--peers: " + addresses.error().message;
        } else if (!counted) {
            why = wrong_count(asked, seen);
        } else {
            bool is_final = false;
            const auto rank = own_rank(seen, asked.rank, is_final);
            if (rank) return Peers{seen, *rank};
            if (is_final) return rank.error();
            why = rank.error().message;
        }
        if (now() > end) return Error{why};
        if (stop()) return Error{"interrupted"};
        std::this_thread::sleep_for(kAskAgain);
    }
}

}  // namespace echotrio::loadgen::rendezvous
