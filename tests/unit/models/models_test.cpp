// The table of the built-in models, and the questions that are asked of it.
#include "loadgen/models/models.hpp"

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

}  // namespace
}  // namespace echotrio::loadgen
