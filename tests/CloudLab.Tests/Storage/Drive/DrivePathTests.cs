using CloudLab.Cmdlets.Storage.Drive;
using CloudLab.Core.Common.Errors;
using Xunit;

namespace CloudLab.Tests.Storage.Drive;

/// <summary>The path syntax of LabS3 drives: which key a path names, and that no two keys share a path.</summary>
[Trait("Area", "Storage")]
public class DrivePathTests
{
    private static readonly DrivePath Unix = new('/'), Windows = new('\\');

    public static TheoryData<string> Keys() =>
    [
        "a", "data/users.json", "a//b", "//", "/", "/a", "a/", "a//", "a/./b", "a/../b", ".", "..", "...", ".a", "a/.", "./a", "\\", "a\\b", "\\\\", "a/\\",
        "emoji \U0001F600/x", "+", "%2F", "a%2Fb", "trailing ", " leading", "line\nbreak", "tab\t", "[x]", "*", "?", "`", "$x", "a:b", "c:/x", "~", "~/x", "@x/y", "@", "@/movies/x", "a/@", "@@",
        "␛", "␛␛", "␛0", "␛2E", "␛2F", "␛␛2F", "a␛2F", "␛5C", "a␛", "\uFF0E", "s3://x", "'", "\"", "\u0000", "aux", "LabS3::x",
    ];

    [Theory]
    [MemberData(nameof(Keys))]
    public void Each_key_has_a_path_that_names_it(string key)
    {
        foreach (DrivePath syntax in new[] { Unix, Windows })
        {
            string path = syntax.Of(null, "movies", key);
            Assert.Equal(new DriveLocation(null, "movies", key, null), DrivePath.Parse(path));
            // As a folder and nothing else, and as an object beside one.
            Assert.Equal(new DriveLocation(null, "movies", key, true), DrivePath.Parse(path + "/"));
            Assert.Equal(new DriveLocation(null, "movies", key, false), DrivePath.Parse(DrivePath.SpellObject(path)));
        }
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Taking_a_path_apart_and_joining_it_again_gives_the_same(string key)
    {
        foreach (DrivePath syntax in new[] { Unix, Windows })
        {
            string path = syntax.Of(null, "movies", key), rest = path[2..];
            List<string> names = [];
            while (rest.Length > 0)
            {
                names.Insert(0, syntax.Name(rest));
                rest = syntax.Parent(rest, null);
            }

            Assert.Equal(key.Split('/').Length + 1, names.Count);
            Assert.DoesNotContain("", names);
            Assert.Equal(path[2..], names.Aggregate(syntax.Join));
        }
    }

    [Fact]
    public void No_two_keys_share_a_path()
    {
        string[] keys = [.. Keys().Select(row => (string)row.Data)];
        Assert.Equal(keys.Length, keys.Select(key => Unix.Of(null, "movies", key)).Distinct().Count());
    }

    [Theory]
    [InlineData("movies/a//b", "a//b")]
    [InlineData("movies/a///b", "a///b")]
    [InlineData("movies\\data\\x", "data/x")]
    [InlineData("movies/data\\x", "data/x")]
    [InlineData("/movies/data", "data")]
    [InlineData("//movies/data", "data")]
    [InlineData("@/movies/data", "data")]
    [InlineData("@\\movies\\data", "data")]
    public void A_path_that_a_person_wrote_names_one_key(string path, string key) =>
        Assert.Equal(new DriveLocation(null, "movies", key, null), DrivePath.Parse(path));

    [Theory]
    [InlineData("movies/./a")]
    [InlineData("movies/a/..")]
    [InlineData("movies/␛/x")]
    [InlineData("movies/a␛/x")]
    [InlineData("movies/␛41")]
    [InlineData("movies/a␛2E")]
    [InlineData("movies/␛2Ex")]
    [InlineData("movies/a␛0")]
    [InlineData("movies/a␛2Fb")]
    [InlineData("movies/␛2F")]
    public void A_path_that_names_no_key_is_refused_and_the_way_out_is_named(string path)
    {
        LabException problem = Assert.Throws<LabException>(() => DrivePath.Parse(path));
        Assert.Equal("InvalidPath", problem.Code);
        Assert.Contains("Get-LabObject", problem.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "", "")]
    [InlineData("", "x", "x")]
    [InlineData("movies", "", "movies/")]
    [InlineData("movies/", "", "movies/")]
    [InlineData("movies", "/", "movies/")]
    [InlineData("movies", "data", "movies/data")]
    [InlineData("movies/", "data", "movies/data")]
    [InlineData("movies/", "/data", "movies/data")]
    [InlineData("movies", "\\data\\x", "movies/data/x")]
    [InlineData("movies", "data/", "movies/data/")]
    [InlineData("movies", "a//b", "movies/a/␛0/b")]
    [InlineData("movies", "a//", "movies/a/␛0/")]
    [InlineData("movies", "//b", "movies/␛0/b")]
    [InlineData("", "/b", "␛0/b")]
    [InlineData("data", "../x", "data/../x")]
    public void Join(string parent, string child, string expected)
    {
        Assert.Equal(expected, Unix.Join(parent, child));
        Assert.Equal(expected.Replace('/', '\\'), Windows.Join(parent, child));
    }

    [Theory]
    [InlineData("movies/data/x", "movies", "movies/data", "x")]
    [InlineData("movies/data/", "movies", "movies", "data")]
    [InlineData("@/movies", "@/movies", "", "movies")]
    [InlineData("@/movies/", "@/movies", "", "movies")]
    [InlineData("@/movies/data", "@/movies/data", "", "data")]
    [InlineData("@/movies/data", "@", "@/movies", "data")]
    [InlineData("@/movies", "@", "@", "movies")]
    [InlineData("@", "@", "", "@")]
    [InlineData("/", null, "", "")]
    [InlineData("movies", null, "", "movies")]
    [InlineData("/x", null, "/", "x")]
    [InlineData("", null, "", "")]
    [InlineData("movies/a//", null, "movies/a", "␛0")]
    [InlineData("movies/a//b", null, "movies/a/␛0", "b")]
    public void Parent_and_name(string path, string? root, string parent, string name)
    {
        Assert.Equal((parent, name), (Unix.Parent(path, root), Unix.Name(path)));
        Assert.Equal((parent.Replace('/', '\\'), name), (Windows.Parent(path, root), Windows.Name(path)));
    }

    [Theory]
    [InlineData("movies", "@/movies")]
    [InlineData("movies/", "@/movies")]
    [InlineData("movies/data/", "@/movies/data")]
    [InlineData("movies\\data", "@/movies/data")]
    [InlineData("s3://movies", "@/movies")]
    [InlineData("S3://movies/", "@/movies")]
    [InlineData("s3://movies/data/", "@/movies/data")]
    [InlineData("s3://movies/a//b\\c/", "@/movies/a/␛0/b␛5Cc")]
    [InlineData("s3://movies//", "@/movies/␛0")]
    [InlineData("", "@")]
    [InlineData("/", "@")]
    [InlineData("\\", "@")]
    [InlineData("s3://", "@")]
    public void Root(string given, string expected) => Assert.Equal(expected, Unix.Root(given, null));

    [Theory]
    [InlineData("s3:x", "s3␛3Ax")]
    [InlineData("S3:/x", "S3␛3A/x")]
    [InlineData("s3", "s3")]
    [InlineData("10:00", "10:00")]
    [InlineData("a/s3:x", "a/s3:x")]
    public void A_key_that_looks_like_a_path_with_the_drive_is_spelled_otherwise_and_names_the_same(string below, string spelled)
    {
        Assert.Equal(spelled, DrivePath.SpellBelow(below, "s3"));
        Assert.Equal(DrivePath.Parse("/movies/" + below), DrivePath.Parse("/movies/" + spelled));
    }

    [Fact]
    public void A_drive_with_a_session_of_its_own_has_it_in_its_paths()
    {
        Assert.Equal("@/@lab/movies/data", Unix.Root("movies/data", "lab"));
        Assert.Equal("@/@lab", Unix.Root("", "lab"));
        Assert.Equal(new DriveLocation("lab", "movies", "data/@x", null), DrivePath.Parse("@/@lab/movies/data/@x"));
        Assert.Equal(new DriveLocation("lab", "", null, null), DrivePath.Parse("@/@lab"));
        Assert.Equal("@/@other/movies", Unix.Root("@/@lab/movies", "other"));
    }
}
