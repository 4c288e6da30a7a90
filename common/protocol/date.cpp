#include "common/protocol/date.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace echotrio::protocol {
namespace {

constexpr std::int64_t kLastOf9999 = 253'402'300'799;

void put_digits(char* to, unsigned value, int digits) noexcept {
    for (int i = digits - 1; i >= 0; --i, value /= 10) to[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

void DateLine::make(std::int64_t unix_time) noexcept {
    using namespace std::chrono;
    constexpr char kDays[] = "SunMonTueWedThuFriSat";
    constexpr char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    made_for_ = unix_time;
    const sys_seconds time(seconds(std::clamp(unix_time, std::int64_t{0}, kLastOf9999)));
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const auto second = static_cast<unsigned>((time - day).count());
    char* const text = text_.data();
    std::memcpy(text, "Date: ddd, dd mmm yyyy hh:mm:ss GMT\r\n", kSize);
    std::memcpy(text + 6, kDays + std::size_t{3} * weekday(day).c_encoding(), 3);
    put_digits(text + 11, static_cast<unsigned>(date.day()), 2);
    std::memcpy(text + 14, kMonths + std::size_t{3} * (static_cast<unsigned>(date.month()) - 1), 3);
    put_digits(text + 18, static_cast<unsigned>(static_cast<int>(date.year())), 4);
    put_digits(text + 23, second / 3600, 2);
    put_digits(text + 26, second / 60 % 60, 2);
    put_digits(text + 29, second % 60, 2);
}

}  // namespace echotrio::protocol
