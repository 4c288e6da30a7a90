#include "common/base/cli.hpp"

#include "common/base/cli_usage.hpp"
#include "common/base/units.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <string_view>
#include <type_traits>
#include <utility>

namespace echotrio::cli {
namespace {
template <class T, class Parse, class Format>
Option with_unit(CLI::App& app, std::string flags, T& value, std::string help, std::string type,
                 Parse parse, Format format) {
    std::string name = flags.substr(flags.rfind(',') + 1);
    CLI::Option* const option = app.add_option_function<std::string>(
        std::move(flags),
        [&value, parse, name = std::move(name)](const std::string& text) {
            auto parsed = parse(text);
            if (!parsed) throw CLI::ValidationError(name, parsed.error().message);
            value = *parsed;
        },
        std::move(help));
    return Option(option->type_name(std::move(type))->default_str(format(value)));
}

// "0,2-3" to CPU numbers, against the CPUs that this process may use.
Result<std::vector<int>> parse_cpus(std::string_view text) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof allowed, &allowed);
    const auto wrong = [&](std::string_view why) {
        return Error{fmt::format("{}, write CPU numbers like 0 or 0,2-3, got '{}'", why, text)};
    };
    std::vector<int> cpus;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (true) {
        int first = 0;
        auto [rest, ec] = std::from_chars(at, end, first);
        if (ec != std::errc{}) return wrong("is not a list of CPUs");
        int last = first;
        if (rest != end && *rest == '-') {
            auto [rest2, ec2] = std::from_chars(rest + 1, end, last);
            if (ec2 != std::errc{}) return wrong("is not a list of CPUs");
            rest = rest2;
        }
        if (first < 0 || last < first || last >= CPU_SETSIZE) return wrong("is not a list of CPUs");
        for (int cpu = first; cpu <= last; ++cpu) {
            if (!CPU_ISSET(static_cast<unsigned>(cpu), &allowed)) {
                return wrong(fmt::format("CPU {} is not available to this process", cpu));
            }
            cpus.push_back(cpu);
        }
        if (rest == end) return cpus;
        if (*rest != ',') return wrong("is not a list of CPUs");
        at = rest + 1;
    }
}

// Digits alone, without a sign where that has no meaning: the library reads 010 as eight and -1 as
// the largest number there is.
template <class T>
std::string decimal_digits(const std::string& text) {
    std::string_view digits = text;
    if (std::is_signed_v<T> && digits.starts_with('-')) digits.remove_prefix(1);
    const bool clean =
        !digits.empty() && (digits == "0" || digits.front() != '0') &&
        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!clean) return fmt::format("write a whole number like 100, got '{}'", text);
    T value{};
    const auto [rest, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    return ec == std::errc{} ? "" : fmt::format("is out of range, got {}", text);
}

// 12, 0.5, 1e6: neither hexadecimal nor infinite.
std::string decimal_number(const std::string& text) {
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, ec] = std::from_chars(text.data(), end, value);
    if (ec == std::errc{} && rest == end && std::isfinite(value)) return {};
    return fmt::format("write a number like 0.5, got '{}'", text);
}

template <class T>
struct ElementOf {
    using type = T;
};
template <class T>
struct ElementOf<std::optional<T>> {
    using type = T;
};
template <class T>
struct ElementOf<std::vector<T>> {
    using type = T;
};

std::string format_cpus(const std::vector<int>& cpus) {
    return cpus.empty() ? "all" : fmt::format("{}", fmt::join(cpus, ","));
}

}  // namespace

void AppDeleter::operator()(CLI::App* app) const noexcept {
    delete app;
}

Program program(std::string description, std::string name) {
    Program app(new CLI::App(std::move(description), std::move(name)));
    app->set_version_flag(
        "--version",
        fmt::format("{} {} ({}{}{})", app->get_name(), ECHOTRIO_VERSION, ECHOTRIO_BUILD_TYPE,
                    *ECHOTRIO_SANITIZERS ? ", sanitizers " : "", ECHOTRIO_SANITIZERS));
    app->option_defaults()->always_capture_default();
    app->formatter(std::make_shared<Formatter>());
    app->get_formatter()->column_width(34);
    return app;
}

CLI::App& command(CLI::App& app, std::string name, std::string description) {
    app.require_subcommand(1);
    return *app.add_subcommand(std::move(name), std::move(description));
}

void on_command(CLI::App& command, std::function<void()> run) {
    command.callback(std::move(run));
}

namespace {

// How many letters differ: insertions, deletions and changes (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, change}));
        }
    }
    return row.back();
}

// " (did you mean X?)" where one of the names is near; else nothing.
std::string suggestion(std::string_view text, const std::vector<std::string>& names) {
    const std::string* best = nullptr;
    std::size_t least = text.size() > 2 ? 3 : 2;  // so many different letters are another word
    for (const std::string& name : names) {
        const std::size_t letters = distance(text.substr(0, 64), name);
        if (letters < least) {
            least = letters;
            best = &name;
        }
    }
    return best == nullptr ? "" : fmt::format(" (did you mean {}?)", *best);
}

void refuse_unknown_command(const CLI::App& app, std::string_view word) {
    std::vector<std::string> names;
    for (const CLI::App* known : app.get_subcommands([](const CLI::App*) { return true; })) {
        names.push_back(known->get_name());
    }
    const bool known = std::find(names.begin(), names.end(), word) != names.end();
    if (names.empty() || known || word.starts_with('-')) return;
    const std::string list = fmt::format("{}", fmt::join(names, ", "));
    if (word.empty()) throw CLI::ValidationError("a command is missing: one of " + list);
    throw CLI::ValidationError(fmt::format("'{}' is no command{}; the commands are {}", word,
                                           suggestion(word, names), list));
}

// The arguments that nothing takes, each with the flag that may be meant.
std::string unknown_arguments(const CLI::App& app) {
    const CLI::App* command = &app;
    const auto used = app.get_subcommands();
    if (!used.empty()) command = used.front();
    std::vector<std::string> flags;
    for (const CLI::Option* option : command->get_options()) {
        for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    }
    std::string text;
    for (const std::string& word : app.remaining(true)) {
        const std::string flag = word.substr(0, word.find('='));
        text += fmt::format("{}{}{}", text.empty() ? "" : ", ", word,
                            word.starts_with("--") ? suggestion(flag, flags) : "");
    }
    return fmt::format("nothing takes this argument: {}", text);
}

}  // namespace

std::string message_of(const CLI::Error& error) {
    std::string text = error.what();
    for (char& c : text) {
        if (c == '\n') c = ' ';
    }
    constexpr std::string_view kConversion = "Could not convert: ";  // "... --port = 99999"
    const std::size_t equals = text.find(" = ");
    if (text.starts_with(kConversion) && equals != std::string::npos) {
        return fmt::format("{}: not a valid value: '{}'",
                           text.substr(kConversion.size(), equals - kConversion.size()),
                           text.substr(equals + 3));
    }
    return text;
}

std::optional<int> parse(CLI::App& app, int argc, const char* const* argv) {
    try {
        refuse_unknown_command(app, argc > 1 ? argv[1] : "");
        app.parse(argc, argv);
        return std::nullopt;
    } catch (const CLI::Success& asked) {  // --help, --version
        app.exit(asked);
        return kExitOk;
    } catch (const CLI::ExtrasError&) {
        return fail(unknown_arguments(app), kExitUsage);
    } catch (const CLI::ParseError& e) {
        return fail(message_of(e), kExitUsage);
    }
}

Option& Option::check(const Check& check) {
    option_->check(check);
    return *this;
}

Option& Option::one_of(std::vector<std::string> values) {
    option_->check(CLI::IsMember(std::move(values)));
    return *this;
}

Option& Option::range(std::uint64_t least, std::uint64_t most) {
    option_->check(CLI::Range(least, most));
    return *this;
}

Option& Option::type_name(std::string name) {
    option_->type_name(std::move(name));
    return *this;
}

Option& Option::default_str(std::string text) {
    option_->default_str(std::move(text));
    return *this;
}

Option& Option::required() {
    option_->required();
    return *this;
}

Option& Option::hidden() {
    option_->group("");
    return *this;
}

Option& Option::excludes(std::string flag) {
    option_->excludes(std::move(flag));
    return *this;
}

Option& Option::delimiter(char between) {
    option_->delimiter(between);
    return *this;
}

Option& Option::expected(int least, int most) {
    option_->expected(least, most);
    return *this;
}

Option& Option::not_configurable() {
    option_->configurable(false);
    return *this;
}

template <class T>
Option option(CLI::App& app, std::string flags, T& value, std::string help) {
    CLI::Option* const added = app.add_option(std::move(flags), value, std::move(help));
    using Element = typename ElementOf<T>::type;
    if constexpr (std::is_integral_v<Element>) added->check(decimal_digits<Element>);
    if constexpr (std::is_floating_point_v<Element>) added->check(decimal_number);
    return Option(added);
}

template Option option(CLI::App&, std::string, int&, std::string);
template Option option(CLI::App&, std::string, std::uint16_t&, std::string);
template Option option(CLI::App&, std::string, std::uint64_t&, std::string);
template Option option(CLI::App&, std::string, double&, std::string);
template Option option(CLI::App&, std::string, std::string&, std::string);
template Option option(CLI::App&, std::string, std::optional<int>&, std::string);
template Option option(CLI::App&, std::string, std::optional<std::uint64_t>&, std::string);
template Option option(CLI::App&, std::string, std::vector<std::uint64_t>&, std::string);
template Option option(CLI::App&, std::string, std::vector<double>&, std::string);
template Option option(CLI::App&, std::string, std::vector<std::string>&, std::string);

Option flag(CLI::App& app, std::string flags, bool& value, std::string help) {
    return Option(app.add_flag(std::move(flags), value, std::move(help)));
}

Option option(CLI::App& app, std::string flags, const std::function<void(const std::string&)>& take,
              std::string help) {
    return Option(app.add_option_function<std::string>(std::move(flags), take, std::move(help)));
}

Option duration(CLI::App& app, std::string flags, Nanos& value, std::string help) {
    return with_unit(app, std::move(flags), value, std::move(help), "DURATION", parse_duration,
                     format_duration);
}

Option size(CLI::App& app, std::string flags, std::uint64_t& value, std::string help) {
    return with_unit(app, std::move(flags), value, std::move(help), "SIZE", parse_size,
                     format_size);
}

Option cpus(CLI::App& app, std::string flags, std::vector<int>& value, std::string help) {
    return with_unit(app, std::move(flags), value, std::move(help), "LIST", parse_cpus,
                     format_cpus);
}

Check at_most(Nanos limit) {
    return [limit](const std::string& text) -> std::string {
        const auto value = parse_duration(text);  // what can't be parsed is said elsewhere
        if (!value || *value <= limit) return {};
        return fmt::format("must be at most {}, got {}", format_duration(limit), text);
    };
}

Check size_between(std::uint64_t least, std::uint64_t most) {
    return [least, most](const std::string& text) -> std::string {
        const auto value = parse_size(text);
        if (!value || (*value >= least && *value <= most)) return {};
        return fmt::format("must be {} to {}, got {}", format_size(least), format_size(most), text);
    };
}

Check number_between(double least, double most) {
    return [least, most](const std::string& text) -> std::string {
        double value = 0;
        if (!CLI::detail::lexical_cast(text, value)) return {};
        if (value >= least && value <= most) return {};
        return fmt::format("must be {} to {}, got {}", least, most, text);
    };
}

Check positive_number() {
    return [](const std::string& text) -> std::string {
        double value = 0;
        if (!CLI::detail::lexical_cast(text, value) || value > 0) return {};
        return fmt::format("must be > 0, got {}", text);
    };
}

bool is_given(const CLI::App& app, const std::string& flag) {
    const CLI::Option* const option = app.get_option_no_throw(flag);
    return option != nullptr && option->count() > 0;
}

std::size_t count(const CLI::App& app, const std::string& flag) {
    return app.count(flag);
}

Status set(CLI::App& app, const std::string& name, const std::vector<std::string>& values) {
    CLI::Option* const option = app.get_option_no_throw("--" + name);
    if (option == nullptr) return Error{fmt::format("there is no setting '{}'", name)};
    if (!option->get_configurable()) return Error{fmt::format("{}: can only be a flag", name)};
    if (option->count() > 0) return Done{};
    try {
        option->add_result(values);
        option->run_callback();
    } catch (const CLI::Error& wrong) {
        return Error{message_of(wrong)};
    }
    return Done{};
}

std::vector<Given> given(const CLI::App& app) {
    std::vector<Given> found;
    for (const CLI::Option* option : app.get_options()) {
        if (option->count() == 0) continue;
        found.push_back({"--" + option->get_lnames().front(), option->get_expected_min() == 0,
                         option->get_delimiter() != '\0', option->results()});
    }
    return found;
}

int fail(const std::string& message, int status) {
    std::fprintf(stderr, "error: %s\n", message.c_str());
    return status;
}

}  // namespace echotrio::cli
