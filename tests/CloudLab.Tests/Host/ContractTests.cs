using System.Collections;
using System.Management.Automation;
using Xunit;

namespace CloudLab.Tests.Host;

/// <summary>The stand-in against what PowerShell does; tests/Pester/Contract.Tests.ps1 holds the same table against the real one.</summary>
[Trait("Area", "Host")]
public class ContractTests
{
    [Theory]
    [InlineData("*.json", "users.json", true)]
    [InlineData("*.json", "USERS.JSON", true)]
    [InlineData("user?", "users", true)]
    [InlineData("user?", "user", false)]
    [InlineData("[a-c]x", "bx", true)]
    [InlineData("[a-c]x", "dx", false)]
    [InlineData("a`*b", "a*b", true)]
    [InlineData("a`*b", "axb", false)]
    [InlineData("a.b", "axb", false)]
    [InlineData("line*", "line\nbreak", true)]
    public void Wildcards(string pattern, string text, bool matches) =>
        Assert.Equal(matches, new WildcardPattern(pattern, WildcardOptions.IgnoreCase).IsMatch(text));

    [Fact]
    public void Escaped_wildcards_are_none()
    {
        Assert.True(WildcardPattern.ContainsWildcardCharacters("a*"));
        Assert.False(WildcardPattern.ContainsWildcardCharacters("a`*"));
        Assert.Equal("a`*`[b`]", WildcardPattern.Escape("a*[b]"));
        Assert.Equal("a*[b]", WildcardPattern.Unescape("a`*`[b`]"));
    }

    [Fact]
    public void Values_convert_as_in_PowerShell()
    {
        Assert.Equal(3, LanguagePrimitives.ConvertTo<int>("3"));
        Assert.Equal(255, LanguagePrimitives.ConvertTo<int>("0xff"));
        Assert.Equal(10L << 20, LanguagePrimitives.ConvertTo<long>("10MB"));
        Assert.Equal(2, LanguagePrimitives.ConvertTo<int>(2.5));
        Assert.Equal(4, LanguagePrimitives.ConvertTo<int>(3.5));
        Assert.True(double.IsNaN(LanguagePrimitives.ConvertTo<double>("NaN")));
        Assert.Equal("1.5", LanguagePrimitives.ConvertTo<string>(1.5));
        Assert.Equal("a b", LanguagePrimitives.ConvertTo<string>(new[] { "a", "b" }));
        Assert.Equal(["1", "2"], LanguagePrimitives.ConvertTo<string[]>(new object[] { 1, 2 }));
        Assert.Equal([7], LanguagePrimitives.ConvertTo<int[]>("7"));
        Assert.Equal(DayOfWeek.Friday, LanguagePrimitives.ConvertTo<DayOfWeek>("FRI"));
        Assert.Equal(5, LanguagePrimitives.ConvertTo<int?>("5"));
        Assert.Equal(new Uri("http://h/x"), LanguagePrimitives.ConvertTo<Uri>("http://h/x"));
        Assert.Equal(TimeSpan.FromSeconds(5), LanguagePrimitives.ConvertTo<TimeSpan>("00:00:05"));
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), LanguagePrimitives.ConvertTo<DateTimeOffset>("2026-01-02T03:04:05Z"));
        Assert.Equal(new OutputTests.Sized("a", 3), LanguagePrimitives.ConvertTo<OutputTests.Sized>(new Hashtable { ["name"] = "a", ["Size"] = "3" }));
        Assert.Throws<PSInvalidCastException>(() => LanguagePrimitives.ConvertTo<int>("three"));
        Assert.Throws<PSInvalidCastException>(() => LanguagePrimitives.ConvertTo<int>("99999999999"));
        Assert.Throws<PSInvalidCastException>(() => LanguagePrimitives.ConvertTo<OutputTests.Sized>("text"));
    }

    [Theory]
    [InlineData(1, long.MaxValue, 5L, true)]
    [InlineData(1, long.MaxValue, 0L, false)]
    [InlineData(0, 1.5, 1.2, true)]
    [InlineData(0.0, 1.5, double.NaN, false)]
    [InlineData(1, 9, "10", false)]
    public void Ranges(object min, object max, object value, bool allowed)
    {
        Exception? refused = Record.Exception(() => new ValidateRangeAttribute(min, max).Check(value));
        Assert.Equal(allowed, refused is null);
    }

    [Fact]
    public void Paths_resolve_against_the_sessions_location_with_wildcards()
    {
        string folder = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString(), "data [1]")).FullName;
        foreach (string name in new[] { "a.json", "b.json", "c.txt" })
        {
            File.WriteAllText(Path.Combine(folder, name), "");
        }

        PathIntrinsics paths = new SessionState(folder).Path;
        Assert.Equal(Path.Combine(folder, "x"), paths.GetUnresolvedProviderPathFromPSPath("./x"));
        Assert.Equal(
            ["a.json", "b.json"], paths.GetResolvedProviderPathFromPSPath(WildcardPattern.Escape(folder) + "/*.JSON", out _).Select(Path.GetFileName));
        Assert.Empty(paths.GetResolvedProviderPathFromPSPath(WildcardPattern.Escape(folder) + "/*.xml", out _));
        Assert.Throws<ItemNotFoundException>(() => paths.GetResolvedProviderPathFromPSPath("missing", out _));
    }
}
