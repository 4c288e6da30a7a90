// The table of the built-in models, and the questions that are asked of it.
#include "loadgen/models/models.hpp"

#include "loadgen/models/interpreter.hpp"

#include <gtest/gtest.h>

#include <set>

namespace echotrio::loadgen {
namespace {

using Words = std::vector<std::string>;

TEST(Models, EachHasAProgramAndAColourOfItsOwn) {
    std::set<std::string_view> names, programs, waits;
    std::set<std::size_t> colours;
    for (const Model& model : models()) {
        names.insert(model.name);
        programs.insert(model.program);
        colours.insert(model.colour);
        waits.insert(model.own_wait.metric);
    }
    for (const std::size_t size : {names.size(), programs.size(), colours.size(), waits.size()}) {
        EXPECT_EQ(size, models().size());
    }
    EXPECT_EQ(model_names(), (Words{"prefork", "threads", "coroutine"}));
}

TEST(Models, AnotherServerIsInNoTable) {
    EXPECT_EQ(find_model("nginx"), nullptr);
    EXPECT_EQ(program_of("nginx"), "nginx");
    EXPECT_FALSE(is_pool("nginx"));
    EXPECT_FALSE(takes_turns("nginx", {}));
    EXPECT_TRUE(pool_arguments("nginx", {}, 4, 8).empty());
}

TEST(Models, ALockIsHeldUnlessItIsOff) {
    EXPECT_TRUE(takes_turns("threads", {}));
    EXPECT_TRUE(takes_turns("threads", Words{"--gil", "ticks"}));
    EXPECT_TRUE(takes_turns("threads", Words{"--gil"}));
    EXPECT_FALSE(takes_turns("threads", Words{"--switch-interval", "2ms", "--gil", "off"}));
    EXPECT_FALSE(takes_turns("coroutine", {}));
}

TEST(Models, APoolIsMadeForItsConnections) {
    EXPECT_EQ(pool_arguments("prefork", {}, 5, 256),
              (Words{"--start-workers", "5", "--min-spare", "1", "--max-spare", "256",
                     "--max-workers", "256"}));
    EXPECT_EQ(pool_arguments("prefork", {}, 500, 256).at(1), "256");
    EXPECT_TRUE(pool_arguments("prefork", Words{"--start-workers", "4"}, 5, 256).empty());
    EXPECT_TRUE(pool_arguments("threads", {}, 5, 256).empty());
}

TEST(Models, EachHasATwinInPython) {
    const Interpreter python{"/usr/bin/python3.11", "CPython 3.11.2", "3.11"};
    for (const std::string& model : model_names()) {
        const Twin twin = twin_of(model, {}, python, "/scripts");
        EXPECT_EQ(twin.missing, "");
        EXPECT_TRUE(is_twin(twin.name));
        EXPECT_FALSE(is_twin(model));
        EXPECT_EQ(is_pool(twin.name), is_pool(model));
        EXPECT_EQ(takes_turns(twin.name, {}), takes_turns(model, {}));
    }
    const Twin threads = twin_of("threads", Words{"--switch-interval", "2ms"}, python, "/scripts");
    EXPECT_EQ(threads.label, "py-threads 3.11");
    EXPECT_EQ(threads.program, (Words{"/usr/bin/python3.11", "-B", "/scripts/threads.py"}));
    EXPECT_EQ(threads.arguments, (Words{"--switch-interval", "2ms"}));
    EXPECT_EQ(pool_arguments("py-prefork", {}, 5, 256), (Words{"--start-workers", "5"}));
    const Words heap{"--keep-alive", "off", "--heap", "32MiB", "--touch", "0.5"};
    const Twin prefork = twin_of("prefork", heap, python, "/scripts");
    EXPECT_EQ(prefork.missing, "");
    EXPECT_EQ(prefork.arguments, heap);
    EXPECT_NE(twin_of("threads", heap, python, "/scripts").missing, "");
}

TEST(Models, WhatAPythonLacksIsSaid) {
    const Interpreter python{"/p", "CPython 3.11.2", "3.11"};
    Interpreter free = python;
    free.free_threaded = true;
    const Words off{"--gil", "off"};
    EXPECT_NE(twin_of("threads", off, python, "/s").missing.find("without its global lock"),
              std::string::npos);
    const Twin without = twin_of("threads", off, free, "/s"),
               with = twin_of("threads", {}, free, "/s");
    EXPECT_EQ(without.missing, "");
    EXPECT_EQ(without.program, (Words{"/p", "-B", "-X", "gil=0", "/s/threads.py"}));
    EXPECT_EQ(with.program, (Words{"/p", "-B", "-X", "gil=1", "/s/threads.py"}));
    EXPECT_FALSE(takes_turns(without.name, without.program));
    EXPECT_TRUE(takes_turns(with.name, with.program));
    EXPECT_EQ(arguments_like("threads", free), off);
    EXPECT_EQ(arguments_like("threads", python), Words{});
    EXPECT_EQ(arguments_like("prefork", free), Words{});
    EXPECT_NE(twin_of("threads", Words{"--gil", "ticks"}, free, "/s").missing, "");
    EXPECT_NE(twin_of("prefork", Words{"--accept", "lock"}, python, "/s").missing, "");
    EXPECT_NE(twin_of("nginx", {}, python, "/s").missing, "");
}

}  // namespace
}  // namespace echotrio::loadgen
