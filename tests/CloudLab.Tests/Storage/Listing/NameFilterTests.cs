using CloudLab.Cmdlets.Storage;
using Xunit;

namespace CloudLab.Tests.Storage.Listing;

[Trait("Area", "Storage")]
public sealed class NameFilterTests
{
    [Theory]
    [InlineData("*.json", "data/users.json", true)]
    [InlineData("*.json", "data.json/users", false)]
    [InlineData("data/*", "data/users.json", true)]
    [InlineData("data", "data/users.json", false)]
    [InlineData("DATA/", "data/", true)]
    [InlineData("d*", "data/", true)]
    public void Include_is_about_the_name_itself(string pattern, string name, bool takes) =>
        Assert.Equal(takes, NameFilter.Of([pattern], null)!(name));

    [Theory]
    [InlineData("*.json", "data/users.json", false)]
    [InlineData("data", "data/users.json", false)]
    [InlineData("data", "x/data/y/users.json", false)]
    [InlineData("data", "x/data", false)]
    [InlineData("data/", "x/data", true)]
    [InlineData("data/", "x/data/y", false)]
    [InlineData("x/data", "x/data/y", false)]
    [InlineData("data", "database/y", true)]
    [InlineData("x/data", "y/x/data/z", true)]
    [InlineData("tmp*", "tmp1/z", false)]
    public void Exclude_is_about_what_is_in_a_folder_too(string pattern, string name, bool takes) =>
        Assert.Equal(takes, NameFilter.Of(null, [pattern])!(name));

    [Fact]
    public void The_folders_of_the_prefix_are_nobodys_to_exclude()
    {
        Assert.True(NameFilter.Of(null, ["2026*"], "logs/2026/")!("logs/2026/a.txt"));
        Assert.False(NameFilter.Of(null, ["2026*"], "logs/2026/")!("logs/2026/2026-01/a.txt"));
        Assert.Null(NameFilter.Of(null, null));
    }
}
