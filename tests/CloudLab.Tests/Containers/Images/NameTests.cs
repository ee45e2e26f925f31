using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Images;
using Xunit;

namespace CloudLab.Tests.Containers.Images;

[Trait("Area", "Containers")]
public class NameTests
{
    [Theory]
    [InlineData("linux/amd64", "linux/amd64")]
    [InlineData("Linux/AMD64", "linux/amd64")]
    [InlineData("linux/aarch64", "linux/arm64")]
    [InlineData("linux/x86_64", "linux/amd64")]
    [InlineData("arm64", "linux/arm64")]
    [InlineData("linux/arm64/v8", "linux/arm64")]
    [InlineData("linux/arm/v7", "linux/arm/v7")]
    [InlineData("linux/armhf", "linux/arm/v7")]
    [InlineData("linux/amd64/v3", "linux/amd64/v3")]
    [InlineData("windows/amd64", "windows/amd64")]
    public void A_platform_is_brought_into_its_usual_form(string text, string name) => Assert.Equal(name, PlatformName.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("linux")]
    [InlineData("linux/foo")]
    [InlineData("bogus/amd64")]
    [InlineData("linux/arm64/v8/x")]
    [InlineData("linux/arm/7")]
    [InlineData("linux/amd64,linux/arm64")]
    [InlineData("--push")]
    public void What_is_no_platform_is_refused(string text)
    {
        LabException e = Assert.Throws<LabException>(() => PlatformName.Parse(text));
        Assert.Equal("PlatformInvalid", e.Code);
        Assert.True(e.StopsCommand);
    }

    [Fact]
    public void Every_platform_that_is_offered_is_one() => Assert.All(PlatformName.Common, name => Assert.Equal(name, PlatformName.Parse(name)));

    [Theory]
    [InlineData("movies")]
    [InlineData("movies:1.0")]
    [InlineData("movies/site:1.0-RC_1")]
    [InlineData("127.0.0.1:5000/movies/site:1.0")]
    [InlineData("localhost/x")]
    [InlineData("Registry.Example.org/a__b/c-d.e:latest")]
    [InlineData("[::1]:5000/x:y")]
    public void A_name_that_registries_take_is_taken(string name) => Assert.Equal(name, ImageName.Check(name));

    [Theory]
    [InlineData("", "empty")]
    [InlineData("Movies/Site", "lower case")]
    [InlineData("movies site", "white space")]
    [InlineData("movies:", "write")]
    [InlineData("movies/", "write")]
    [InlineData("-movies", "write")]
    [InlineData("movies@sha256:00", "write")]
    [InlineData("movies:a b", "white space")]
    public void A_name_that_they_do_not_take_is_refused_with_the_reason(string name, string why)
    {
        LabException e = Assert.Throws<LabException>(() => ImageName.Check(name));
        Assert.Equal("TagInvalid", e.Code);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:5000/movies", "127.0.0.1:5000/movies", null)]
    [InlineData("127.0.0.1:5000/movies:1", "127.0.0.1:5000/movies", "1")]
    [InlineData("movies", "movies", null)]
    public void The_port_of_a_registry_is_no_tag(string name, string repository, string? tag) => Assert.Equal((repository, tag), ImageName.Split(name));

    [Theory]
    [InlineData("movies/site", "docker.io")]
    [InlineData("localhost/site", "localhost")]
    [InlineData("127.0.0.1:5000/movies/site:1", "127.0.0.1:5000")]
    public void The_registry_is_the_first_part_where_it_looks_like_a_host(string name, string registry) => Assert.Equal(registry, ImageName.Registry(name));
}
