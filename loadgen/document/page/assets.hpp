// Files that the page is made of, inside the program (see assets.cpp.in).
#pragma once

#include <string_view>

namespace echotrio::loadgen::assets {

std::string_view style();
std::string_view script();
std::string_view slides();
std::string_view chart_js();
std::string_view chart_js_licence();

}  // namespace echotrio::loadgen::assets
