// Goal: a target tells what it has for services, and never a password. Method: files as Dysnomia
// has them, in a folder of the test's own.
#include "worker/offer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "worker/vitals.h"

namespace eris {
namespace {

namespace fs = std::filesystem;

class Offer : public ::testing::Test {
 public:
  Offer() {
    std::string name = (fs::temp_directory_path() / "eris-offer-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    sources = {.containers_path = {folder / "first", folder / "second"},
               .properties_file = folder / "properties",
               .modules_path = {folder / "modules"},
               .num_of_cores = 3};
  }
  ~Offer() override { fs::remove_all(folder); }
  void Write(const fs::path& file, const std::string& text) {
    fs::create_directories((folder / file).parent_path());
    std::ofstream(folder / file) << text;
  }
  const Property* Find(const Properties& properties, const std::string& name) {
    for (const Property& property : properties) {
      if (property.name == name) return &property;
    }
    return nullptr;
  }

  fs::path folder;
  OfferSources sources;
};

TEST_F(Offer, WithoutAnyFileIsTheMachineAndWhatNeedsNoServer) {
  const OfferReport offer = ReadOffer(sources).value();
  EXPECT_EQ(offer.num_of_cores, 3U);
  EXPECT_TRUE(offer.system.text.ends_with("-linux"));
  ASSERT_NE(Find(offer.properties, "hostname"), nullptr);
  EXPECT_TRUE(offer.containers.contains(ContainerName("process")));
  EXPECT_FALSE(offer.containers.contains(ContainerName("postgresql-database")));
  EXPECT_THAT(Find(offer.properties, "supportedTypes")->json,
              ::testing::HasSubstr("\"postgresql-database\""));
}

TEST_F(Offer, ContainersAreThoseOfTheFirstFolderThatHasThem) {
  Write("first/mysql-database", "type=mysql-database\nmysqlPort=3306\n");
  Write("second/mysql-database", "mysqlPort=1\n");
  Write("second/tomcat", "hosts=(\"a\" \"b\")\n");
  Write("properties", "hostname=\"test \\\"1\\\"\"\nmem=512\n");
  const OfferReport offer = ReadOffer(sources).value();
  const Properties& mysql = offer.containers.at(ContainerName("mysql-database"));
  ASSERT_EQ(mysql.size(), 1U);
  EXPECT_EQ(mysql[0].text, "3306");
  EXPECT_EQ(offer.containers.at(ContainerName("tomcat"))[0].text, "a b");
  EXPECT_EQ(Find(offer.properties, "hostname")->json, R"("test \"1\"")");
  EXPECT_EQ(Find(offer.properties, "mem")->text, "512");
}

TEST_F(Offer, PasswordsStayThere) {
  Write("first/mysql-database", "mysqlUsername=root\nmysqlPassword=hush\n");
  Write("properties", "apiToken=hush\n");
  const OfferReport offer = ReadOffer(sources).value();
  const Property* password =
      Find(offer.containers.at(ContainerName("mysql-database")), "mysqlPassword");
  ASSERT_NE(password, nullptr);
  EXPECT_EQ(password->kind, Property::Kind::kSecret);
  EXPECT_EQ(password->text, "mysql-database-mysqlPassword");
  EXPECT_EQ(password->json, R"({"_secret":"mysql-database-mysqlPassword"})");
  EXPECT_EQ(Find(offer.properties, "apiToken")->text, "apiToken");
}

TEST_F(Offer, AFileThatCannotBeReadIsNamed) {
  Write("first/odd", "a=$(rm -rf /)\n");
  const auto offer = ReadOffer(sources);
  ASSERT_FALSE(offer.has_value());
  EXPECT_THAT(offer.error().message, ::testing::HasSubstr("first/odd"));
}

TEST(Vitals, AreThoseOfThisMachine) {
  const Vitals vitals = ReadVitals("/", "/");
  EXPECT_GT(vitals.cores, 0U);
  EXPECT_GT(vitals.store_free_bytes, 0U);
  EXPECT_EQ(ReadVitals("/no/such/folder", "/").store_free_bytes, 0U);
}

}  // namespace
}  // namespace eris
