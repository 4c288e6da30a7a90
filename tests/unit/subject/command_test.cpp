// Command lines without a shell: words, placeholders.
#include "loadgen/subject/command.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

using Words = std::vector<std::string>;

TEST(SplitWords, AsAShellDoes) {
    const std::vector<std::pair<std::string, Words>> rows = {
        {"nginx", {"nginx"}},
        {"  a \t b\n c  ", {"a", "b", "c"}},
        {"sh -c 'echo \"$HOME\" | cat'", {"sh", "-c", "echo \"$HOME\" | cat"}},
        {R"(a "b c" d)", {"a", "b c", "d"}},
        {R"(--name="b c"'d e'f)", {"--name=b cd ef"}},
        {R"(a '' "" b)", {"a", "", "", "b"}},
        {R"(a\ b \"c\" \\)", {"a b", "\"c\"", "\\"}},
        {R"("a\"b\\c\$d\`e")", {"a\"b\\c$d`e"}},
        {R"("a\n\'b")", {R"(a\n\'b)"}},
        {R"('a\b')", {R"(a\b)"}},
        {"a\\\nb \"c\\\nd\"", {"ab", "cd"}},
        {"a $PATH * ~ ; | & > # `x`", {"a", "$PATH", "*", "~", ";", "|", "&", ">", "#", "`x`"}},
        {"\xe5\x9b\x9e \xe5\xa3\xb0", {"\xe5\x9b\x9e", "\xe5\xa3\xb0"}},
    };
    for (const auto& [text, words] : rows) {
        const auto split = split_words(text);
        ASSERT_TRUE(split) << text;
        EXPECT_EQ(*split, words) << text;
    }
}

TEST(SplitWords, SaysWhatIsWrong) {
    const std::vector<std::pair<std::string, std::string>> rows = {
        {"", "no command"},
        {"  ", "no command"},
        {"'' a", "no command"},
        {"a 'b", "' is not closed"},
        {"a \"b", "\" is not closed"},
        {"a \"b\\\"", "\" is not closed"},
        {"a \\", "backslash"},
        {std::string("a\0b", 3), "zero byte"},
        {std::string(70000, 'a'), "64 KiB"},
    };
    for (const auto& [text, word] : rows) {
        const auto split = split_words(text);
        ASSERT_FALSE(split) << text.substr(0, 20);
        EXPECT_NE(split.error().message.find(word), std::string::npos) << split.error().message;
    }
}

TEST(FillIn, NamesAndBraces) {
    const std::map<std::string, std::string> values{{"host", "127.0.0.1"}, {"port", "8080"}};
    EXPECT_EQ(fill_in("{host}:{port}", values).value(), "127.0.0.1:8080");
    EXPECT_EQ(fill_in("plain", values).value(), "plain");
    EXPECT_EQ(fill_in("{{port}} {{{port}}}", values).value(), "{port} {8080}");
    EXPECT_EQ(fill_in("", values).value(), "");
    for (const char* wrong : {"{prot}", "{", "}", "a { b", "{}", "{port", "port}", "{{port}"}) {
        const auto filled = fill_in(wrong, values);
        EXPECT_FALSE(filled) << wrong;
    }
    EXPECT_EQ(fill_in("{prot}", values).error().message,
              "there is no {prot}: write one of {host} {port}, or {{ for a brace");
}

}  // namespace
}  // namespace echotrio::loadgen
