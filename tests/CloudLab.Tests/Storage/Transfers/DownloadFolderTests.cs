using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Transfers;
using Xunit;

namespace CloudLab.Tests.Storage.Transfers;

[Trait("Area", "Storage")]
public sealed class DownloadFolderTests
{
    private readonly string root = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString("N"))).FullName;

    [Theory]
    [InlineData("../x")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("a/../../x")]
    [InlineData("a/../b")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData("a/./b")]
    [InlineData("//server/share/x")]
    [InlineData("/")]
    [InlineData("a\0b")]
    public void A_key_that_names_no_file_below_the_folder_is_refused(string key) => Refused("UnsafeKey", key, windows: false);

    [Theory]
    [InlineData("C:/Windows/x")]
    [InlineData("C:x")]
    [InlineData("a\\..\\..\\x")]
    [InlineData("\\\\server\\share")]
    [InlineData("file.txt:stream")]
    [InlineData("con")]
    [InlineData("a/NUL.txt")]
    [InlineData("Com1")]
    [InlineData("lpt9.tar.gz")]
    [InlineData("aux .txt")]
    [InlineData("COM\u00b9")]
    [InlineData("dot.")]
    [InlineData("space ")]
    [InlineData("a?b")]
    [InlineData("new\nline")]
    public void Windows_refuses_more(string key) => Refused("UnsafeKey", key, windows: true);

    [Theory]
    [InlineData("a/b.txt")]
    [InlineData("...")]
    [InlineData("a/..b")]
    [InlineData("new\nline")]
    [InlineData("con")]
    [InlineData("C:x")]
    public void Other_keys_go_where_they_say(string key) =>
        Assert.Equal(root + "/" + key, new DownloadFolder(root, windows: false).Claim("b", key, key));

    [Fact]
    public void Keys_that_the_disk_cannot_tell_apart_are_reported()
    {
        DownloadFolder folder = new(root, windows: false, ignoreCase: true);
        folder.Claim("b", "Read.me", "Read.me");
        LabException e = Assert.Throws<LabException>(() => folder.Claim("b", "read.ME", "read.ME"));
        Assert.Equal("KeysCollide", e.Code);
        Assert.Contains("s3://b/Read.me", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_key_of_two_buckets_is_reported()
    {
        DownloadFolder folder = new(root, windows: false, ignoreCase: false);
        folder.Claim("b1", "k", "k");
        folder.Claim("b1", "K", "K");
        Assert.Equal("KeysCollide", Assert.Throws<LabException>(() => folder.Claim("b2", "k", "k")).Code);
    }

    [Fact]
    public void Distinct_names_are_remembered_only_where_the_disk_needs_it()
    {
        DownloadFolder sensitive = new(root, windows: false, ignoreCase: false) { HasDistinctNames = true };
        string path = sensitive.Claim("b1", "k", "k");
        Assert.Equal(path, sensitive.Claim("b2", "k", "k"));
        Assert.False(sensitive.IsClaimed(path));

        DownloadFolder insensitive = new(root, windows: false, ignoreCase: true) { HasDistinctNames = true };
        insensitive.Claim("b", "k", "k");
        Assert.True(insensitive.IsClaimed(Path.Combine(root, "K")));
        Assert.Equal("KeysCollide", Assert.Throws<LabException>(() => insensitive.Claim("b", "K", "K")).Code);
    }

    [Fact]
    public void A_link_in_the_way_is_refused()
    {
        Directory.CreateDirectory(Path.Combine(root, "real"));
        Directory.CreateSymbolicLink(Path.Combine(root, "link"), Path.GetTempPath());
        File.CreateSymbolicLink(Path.Combine(root, "dangling"), Path.Combine(root, "nowhere"));
        DownloadFolder folder = new(root, windows: false);
        folder.Claim("b", "real/x", "real/x");
        Assert.Equal("LinkInTheWay", Assert.Throws<LabException>(() => folder.Claim("b", "link/x", "link/x")).Code);
        Assert.Equal("LinkInTheWay", Assert.Throws<LabException>(() => folder.Claim("b", "link/a/b/x", "link/a/b/x")).Code);
        Assert.Equal("LinkInTheWay", Assert.Throws<LabException>(() => folder.Claim("b", "dangling/x", "dangling/x")).Code);
    }

    [Fact]
    public void A_destination_that_is_a_link_itself_is_the_users_own_choice()
    {
        string link = root + "-link";
        Directory.CreateSymbolicLink(link, root);
        Assert.Equal(link + "/a/b", new DownloadFolder(link, windows: false).Claim("b", "a/b", "a/b"));
    }

    private void Refused(string code, string key, bool windows)
    {
        LabException e = Assert.Throws<LabException>(() => new DownloadFolder(root, windows).Claim("b", key, key));
        Assert.Equal(code, e.Code);
        Assert.False(e.StopsCommand);
        Assert.DoesNotContain('\n', e.Message);
    }
}
