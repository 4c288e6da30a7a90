// Result<T>: a value, or an Error that says in one line what could not be done and why.
// For the environment and the operator (bind, fork, a bad flag); ordinary socket outcomes are
// values of their own (net/io.hpp), and our own bugs abort (check.hpp).
#pragma once

#include "common/base/check.hpp"

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace echotrio {

struct Error {
    std::string message;
};

template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

    bool ok() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }

    // Precondition: ok().
    T& value() & { return checked(); }
    const T& value() const& { return const_cast<Result*>(this)->checked(); }
    T&& value() && { return std::move(checked()); }
    T& operator*() & { return checked(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(checked()); }
    T* operator->() { return &checked(); }
    const T* operator->() const { return &value(); }

    // Precondition: !ok().
    const Error& error() const {
        CHECK(!ok());
        return *std::get_if<1>(&state_);
    }

  private:
    T& checked() {
        if (!ok()) check_failed("Result::ok()", __FILE__, __LINE__, error().message);
        return *std::get_if<0>(&state_);
    }
    std::variant<T, Error> state_;
};

// Success without a value, or an Error.
struct Done {};
using Status = Result<Done>;

}  // namespace echotrio
