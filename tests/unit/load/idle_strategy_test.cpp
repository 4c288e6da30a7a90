// Whether a generator may poll: a table of places.
#include "loadgen/load/idle_strategy.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

// Two threads on CPUs 2 and 3, the server on 0 and 1; four cores.
Placement apart() {
    Placement p;
    p.threads = 2;
    p.generator_cpus = p.generator_cores = {2, 3};
    p.server_cpus = p.server_cores = {0, 1};
    return p;
}

struct Case {
    const char* name;
    void (*change)(Placement& p);
    bool own;
};

TEST(IdleStrategy, PollsOnlyOnCpusOfItsOwn) {
    const Case cases[] = {
        {"pinned apart from the server", [](Placement&) {}, true},
        {"not pinned", [](Placement& p) { p.generator_cpus.clear(); }, false},
        {"more threads than CPUs", [](Placement& p) { p.threads = 3; }, false},
        {"one CPU named twice",
         [](Placement& p) {
             p.generator_cpus = {2, 2};
         },
         false},
        {"the server may run there, too",
         [](Placement& p) {
             p.server_cpus = {0, 3};
         },
         false},
        {"the server's place is not known", [](Placement& p) { p.server_cpus.clear(); }, false},
        {"the server is on another machine",
         [](Placement& p) {
             p.server_cpus.clear();
             p.server_elsewhere = true;
         },
         true},
        {"so it is, but nothing is pinned",
         [](Placement& p) {
             p.generator_cpus.clear();
             p.server_elsewhere = true;
         },
         false},
        {"the other hyperthread of the server's core",
         [](Placement& p) {
             p.generator_cores = {0, 1};
             p.server_cores = {0, 1};
         },
         false},
        {"a limit on CPU time", [](Placement& p) { p.cpu_limited = true; }, false},
    };
    for (const Case& one : cases) {
        Placement place = apart();
        one.change(place);
        EXPECT_EQ(has_cpus_of_its_own(place), one.own) << one.name;
    }
}

TEST(IdleStrategy, HasNames) {
    for (const auto strategy : {IdleStrategy::automatic, IdleStrategy::sleep, IdleStrategy::spin}) {
        EXPECT_EQ(idle_strategy_named(name_of(strategy)), strategy);
    }
    EXPECT_EQ(name_of(IdleStrategy::automatic), "auto");
}

}  // namespace
}  // namespace echotrio::loadgen
