#include "loadgen/subject/command.hpp"

#include <fmt/format.h>

#include <optional>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kLongest = 64U << 10U;
constexpr std::string_view kBlank = " \t\n\r";
constexpr std::string_view kEscapedInQuotes = "\"\\$`\n";

class Splitter {
  public:
    explicit Splitter(std::string_view text) : text_(text) {}

    Result<std::vector<std::string>> run() {
        while (at_ < text_.size()) {
            const char c = text_[at_++];
            if (kBlank.find(c) != std::string_view::npos) {
                end_word();
            } else if (c == '\'') {
                if (!single_quoted()) return Error{"a ' is not closed"};
            } else if (c == '"') {
                if (!double_quoted()) return Error{"a \" is not closed"};
            } else if (c == '\\') {
                if (at_ == text_.size()) return Error{"it ends with a backslash"};
                if (const char next = text_[at_++]; next != '\n') word() += next;
            } else {
                word() += c;
            }
        }
        end_word();
        return std::move(words_);
    }

  private:
    // The word under way; begins one, which may stay empty ('').
    std::string& word() { return word_ ? *word_ : word_.emplace(); }

    void end_word() {
        if (word_) words_.push_back(std::move(*word_));
        word_.reset();
    }

    bool single_quoted() {
        const std::size_t end = text_.find('\'', at_);
        if (end == std::string_view::npos) return false;
        word() += text_.substr(at_, end - at_);
        at_ = end + 1;
        return true;
    }

    bool double_quoted() {
        word();
        while (at_ < text_.size()) {
            const char c = text_[at_++];
            if (c == '"') return true;
            const bool escapes = c == '\\' && at_ < text_.size() &&
                                 kEscapedInQuotes.find(text_[at_]) != std::string_view::npos;
            if (!escapes) {
                word() += c;
            } else if (const char next = text_[at_++]; next != '\n') {
                word() += next;
            }
        }
        return false;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::optional<std::string> word_;
    std::vector<std::string> words_;
};

}  // namespace

Result<std::vector<std::string>> split_words(std::string_view text) {
    if (text.size() > kLongest) return Error{"it is longer than 64 KiB"};
    if (text.find('\0') != std::string_view::npos) return Error{"it has a zero byte in it"};
    auto words = Splitter(text).run();
    if (words && (words->empty() || words->front().empty())) return Error{"there is no command"};
    return words;
}

Result<std::string> fill_in(std::string_view text,
                            const std::map<std::string, std::string>& values) {
    std::string filled;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c != '{' && c != '}') {
            filled += c;
            continue;
        }
        if (i + 1 < text.size() && text[i + 1] == c) {
            filled += c;
            ++i;
            continue;
        }
        const std::size_t end = c == '{' ? text.find('}', i) : std::string_view::npos;
        if (end == std::string_view::npos) {
            return Error{fmt::format("a lone {} in '{}': write {}{} for a brace", c, text, c, c)};
        }
        const std::string name(text.substr(i + 1, end - i - 1));
        const auto value = values.find(name);
        if (value == values.end()) {
            std::string known;
            for (const auto& [key, unused] : values) known += fmt::format(" {{{}}}", key);
            return Error{fmt::format("there is no {{{}}}: write one of{}, or {{{{ for a brace",
                                     name, known)};
        }
        filled += value->second;
        i = end;
    }
    return filled;
}

}  // namespace echotrio::loadgen
