// How results list their fields: beside each struct stands a function `fields`, which calls a
// visitor with each key, its kind and that field of every object that was given. JSON in and out,
// CSV, merging, subtracting and Prometheus are such visitors and name no field themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>

namespace echotrio::loadgen {

// What becomes of a figure when results are merged or subtracted, and what it is called outside.
class Kind {
  public:
    static const Kind counter;  // adds up over generators; over time the difference counts
    static const Kind worst;    // of several the largest stands
    static const Kind state;    // neither: as it is at the end, or a matter of its own

    // An observer shows it to Prometheus, with this sentence.
    constexpr Kind published(const char* help) const { return {rule_, help}; }
    constexpr const char* help() const { return help_; }  // null = not published

    constexpr bool operator==(const Kind& other) const { return rule_ == other.rule_; }

  private:
    enum class Rule : std::uint8_t { counter, worst, state };
    constexpr Kind(Rule rule, const char* help) : rule_(rule), help_(help) {}

    Rule rule_;
    const char* help_;
};
inline constexpr Kind Kind::counter{Rule::counter, nullptr};
inline constexpr Kind Kind::worst{Rule::worst, nullptr};
inline constexpr Kind Kind::state{Rule::state, nullptr};

template <class T>
struct Tag {};

struct AnyVisitor {
    void operator()(const char*, Kind, auto&...) {}
};
// A struct whose fields are listed.
template <class T>
concept Listed = requires(AnyVisitor& visit, T& value) {
    fields(visit, Tag<T>{}, value);
};

template <class T>
struct KnownNumber {
    using Type = T;
};
template <class T>
struct KnownNumber<std::optional<T>> {
    using Type = T;
};
// A number, or one that may be unknown.
template <class T>
concept Numeric = std::is_arithmetic_v<typename KnownNumber<T>::Type>;

}  // namespace echotrio::loadgen
