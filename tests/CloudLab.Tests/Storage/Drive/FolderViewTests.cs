using CloudLab.Cmdlets.Storage.Drive;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using Xunit;

namespace CloudLab.Tests.Storage.Drive;

/// <summary>How a drive shows listings: folders, marks, and names that an object and a folder share.</summary>
[Trait("Area", "Storage")]
public class FolderViewTests
{
    [Theory]
    [InlineData("a b", "a b")]
    [InlineData("a a/", "a␛ a/")]
    [InlineData("a a- a/ b", "a␛ a- a/ b")]
    [InlineData("a a! a!/ a/ a0", "a!␛ a!/ a␛ a/ a0")]
    [InlineData("a a- b", "a a- b")]
    [InlineData("a aa aa/ b", "a aa␛ aa/ b")]
    [InlineData("a/ a0", "a/ a0")]
    public async Task An_object_beside_a_folder_of_its_name_says_so(string listing, string expected) =>
        Assert.Equal(expected, await LevelAsync("", listing.Split(' ')));

    [Fact]
    public async Task Below_a_prefix_names_are_relative_and_its_own_mark_is_not_listed()
    {
        Assert.Equal("x/ y", await LevelAsync("data/", "data/", "data/x/", "data/y"));
        Assert.Equal("␛0/ x", await LevelAsync("data/", "data//", "data/x"));
    }

    [Fact]
    public async Task A_key_that_ends_in_a_slash_and_holds_something_is_an_object()
    {
        FolderView view = new("movies", "data/");
        List<DriveItem> items = await view.LevelAsync(Listing(new LabObject { Bucket = "movies", Key = "data/", Size = 3 })).ToListAsync();
        Assert.Equal("␛0", Assert.Single(items).Path);
    }

    [Theory]
    [InlineData("a/b/c a/d e", "a/ a/b/ a/b/c a/d e")]
    [InlineData("a a/b", "a␛ a/ a/b")]
    [InlineData("a a-b a/b a/b/c", "a␛ a-b a/ a/b␛ a/b/ a/b/c")]
    [InlineData("a//b a/b", "a/ a/␛0/ a/␛0/b a/b")]
    [InlineData("a/ b/", "a/ b/")]
    [InlineData("a/../b", "a/ a/␛2E./ a/␛2E./b")]
    public async Task A_tree_shows_each_folder_before_what_is_in_it(string keys, string expected)
    {
        List<DriveItem> items = await new FolderView("movies", "").TreeAsync(Listing([.. keys.Split(' ').Select(Entry)])).ToListAsync();
        Assert.Equal(expected, Show(items));
    }

    [Fact]
    public async Task Entries_come_while_the_listing_goes_on()
    {
        int asked = 0;
        await foreach (DriveItem item in new FolderView("movies", "").LevelAsync(Endless()))
        {
            Assert.Equal("0000", item.Path);
            break;
        }

        Assert.Equal(2, asked);

        async IAsyncEnumerable<object> Endless()
        {
            while (true)
            {
                await Task.Yield();
                yield return Entry($"{asked++:0000}");
            }
        }
    }

    private static async Task<string> LevelAsync(string prefix, params string[] listing) => Show(
        await new FolderView("movies", prefix).LevelAsync(Listing([.. listing.Select(name =>
            name.EndsWith('/') && name != prefix ? new LabPrefix { Bucket = "movies", Prefix = name } : Entry(name))])).ToListAsync());

    private static object Entry(string key) => new LabObject { Bucket = "movies", Key = key, Size = key.EndsWith('/') ? 0 : 1 };

    private static string Show(IEnumerable<DriveItem> items) =>
        string.Join(' ', items.Select(item => item.Path.Replace('\\', '/') + (item.IsContainer ? "/" : "")));

    private static async IAsyncEnumerable<object> Listing(params object[] entries)
    {
        foreach (object entry in entries)
        {
            await Task.Yield();
            yield return entry;
        }
    }
}
