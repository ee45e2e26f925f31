using System.Text;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;
using Xunit;

namespace CloudLab.Tests.Storage.Objects;

[Trait("Area", "Storage")]
public sealed class ObjectsOnEmulatorTests() : ObjectTests(StorageServer.Emulator);

[Trait("Area", "Storage")]
[Trait("Server", "s3")]
public sealed class ObjectsOnCephTests() : ObjectTests(StorageServer.Ceph);

public abstract class ObjectTests(StorageServer server) : StorageTest(server)
{
    public static TheoryData<string> OpaqueKeys =>
    [
        "a//b", "a/./b", "a/../b", "../x", "..", ".", "a/..", "a/.", "/leading", "//two", "/", "emoji-\U0001F600", "p+q", "per%2Fcent", "100%",
        "trailing  ", " leading", "new\nline", "carriage\rreturn", "tab\tx", "control\u0001x", "back\\slash", "q?x#y&z=1", "folder/", "n\u00e9", "ne\u0301",
        "<xml>&amp;", "quote\"'`", "{Key+}", "~tilde", "*?[a]", new string('k', 1024), new string('\u00e9', 512),
    ];

    [Theory]
    [MemberData(nameof(OpaqueKeys))]
    public async Task A_key_is_opaque_on_its_whole_round_trip(string key)
    {
        await PutAsync(key, "value of " + key);
        Assert.Equal([key], await KeysAsync());
        Assert.Equal("value of " + key, await Content.ReadTextAsync(Bucket, key, Encoding.UTF8, ReadOptions.Default, Token));
        Assert.Equal(key, (await Objects.GetAsync(Bucket, key, ReadOptions.Default, Token)).Key);
        Assert.Empty(await Objects.RemoveAsync(Bucket, [key], Token));
        Assert.Empty(await KeysAsync());
    }

    [Fact]
    public async Task All_odd_keys_go_in_one_batch()
    {
        string[] keys = [.. OpaqueKeys.Select(row => row.Data)];
        foreach (string key in keys)
        {
            await PutAsync(key);
        }

        Assert.Equal(keys.Order(StringComparer.Ordinal), (await KeysAsync()).Order(StringComparer.Ordinal));
        Assert.Empty(await Objects.RemoveAsync(Bucket, keys, Token));
        Assert.Empty(await KeysAsync());
    }

    [Theory]
    [InlineData("", "InvalidKey")]
    [InlineData("half a surrogate pair", "InvalidKey")]
    [InlineData("1,025 bytes", "KeyTooLongError")]
    public async Task A_key_that_no_service_takes_is_refused_before_anything_is_sent(string what, string code)
    {
        // xunit cannot carry half a pair in a test's data.
        string key = what switch { "" => "", "1,025 bytes" => new string('\u00e9', 512) + "x", _ => "half\ud83d" };
        LabException e = await Assert.ThrowsAsync<LabException>(() => PutAsync(key));
        Assert.Equal(code, e.Code);
        Assert.Null(e.StatusCode);
        Assert.False(e.StopsCommand);
    }

    [Fact]
    public async Task A_listing_pages_in_the_order_of_keys()
    {
        string[] keys = [.. Enumerable.Range(0, 25).Select(i => $"d/{i:d2}"), "e", "z/1"];
        await Task.WhenAll(keys.Select(key => PutAsync(key)));
        List<string> listed = [];
        await foreach (object entry in Objects.ListAsync(new ObjectListing { Bucket = Bucket, PageSize = 4 }, Token))
        {
            listed.Add(((LabObject)entry).Key);
        }

        Assert.Equal(keys, listed);
    }

    [Fact]
    public async Task A_listing_starts_after_a_key_and_keeps_to_its_prefix()
    {
        await Task.WhenAll(new[] { "a/1", "a/2", "a/3", "b/1" }.Select(key => PutAsync(key)));
        List<string> listed = [];
        await foreach (object entry in Objects.ListAsync(
            new ObjectListing { Bucket = Bucket, Prefix = "a/", StartAfter = "a/1", PageSize = 1 }, Token))
        {
            listed.Add(((LabObject)entry).Key);
        }

        Assert.Equal(["a/2", "a/3"], listed);
    }

    [Fact]
    public async Task A_delimiter_makes_prefixes_of_what_goes_on_behind_it()
    {
        await Task.WhenAll(new[] { "a+b/1", "a+b/2", "c/ä/1", "top" }.Select(key => PutAsync(key)));
        List<string> listed = [];
        await foreach (object entry in Objects.ListAsync(new ObjectListing { Bucket = Bucket, Delimiter = "/" }, Token))
        {
            listed.Add(entry is LabPrefix prefix ? "P " + prefix.Prefix : "O " + ((LabObject)entry).Key);
        }

        Assert.Equal(["P a+b/", "P c/", "O top"], listed);
    }

    [Fact]
    public async Task Metadata_content_type_and_checksum_come_back()
    {
        await PutAsync(
            "data.json", "{}"u8.ToArray(),
            new UploadOptions { Metadata = new Dictionary<string, string> { ["author"] = "me & you", ["Year"] = "1927" } });
        LabObjectMetadata found = await Objects.GetAsync(Bucket, "data.json", ReadOptions.Default, Token);
        Assert.Equal("application/json", found.ContentType);
        Assert.Equal(2, found.Size);
        Assert.Equal("me & you", found.Metadata["author"]);
        Assert.Equal("1927", found.Metadata["year"]);
        Assert.Equal("CRC32C", found.ChecksumAlgorithm);
        Assert.InRange(found.LastModified, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));
    }

    [Theory]
    [InlineData("na me", "x")]
    [InlineData("name", "Umlaut ä")]
    [InlineData("name", "line\nbreak")]
    public async Task Metadata_that_no_header_can_carry_is_refused(string name, string value)
    {
        LabException e = await Assert.ThrowsAsync<LabException>(() =>
            PutAsync("k", [], new UploadOptions { Metadata = new Dictionary<string, string> { [name] = value } }));
        Assert.Equal("InvalidMetadata", e.Code);
    }

    [Fact]
    public async Task What_is_missing_is_named()
    {
        Assert.Equal("NoSuchKey", (await Assert.ThrowsAsync<LabException>(() => Objects.GetAsync(Bucket, "nothing", ReadOptions.Default, Token))).Code);
        Assert.Equal("NoSuchBucket", (await Assert.ThrowsAsync<LabException>(() => Objects.GetAsync(Bucket + "x", "nothing", ReadOptions.Default, Token))).Code);
        LabException e = await Assert.ThrowsAsync<LabException>(() => Content.ReadTextAsync(Bucket, "nothing", Encoding.UTF8, ReadOptions.Default, Token));
        Assert.Equal("NoSuchKey", e.Code);
        Assert.Equal($"s3://{Bucket}/nothing", e.Target);
        Assert.Equal(404, e.StatusCode);
        Assert.Null(await Objects.FindAsync(Bucket, "nothing", ReadOptions.Default, Token));
    }

    [Fact]
    public async Task Deleting_what_does_not_exist_is_no_error() =>
        Assert.Empty(await Objects.RemoveAsync(Bucket, ["nothing", "control\u0002"], Token));

    [Fact]
    public async Task A_bad_key_in_a_batch_is_one_failure_and_the_others_go()
    {
        await PutAsync("a");
        await PutAsync("b");
        IReadOnlyList<LabException> failures = await Objects.RemoveAsync(Bucket, ["a", new string('x', 1025), "b"], Token);
        Assert.Equal("KeyTooLongError", Assert.Single(failures).Code);
        Assert.Empty(await KeysAsync());
    }

    [Fact]
    public async Task Lines_and_bytes_come_as_they_are()
    {
        byte[] bytes = [.. Encoding.UTF8.Preamble, .. "eins\r\nzwei ü\n\nvier"u8];
        await PutAsync("t", bytes);
        List<string> lines = [];
        await foreach (IReadOnlyList<string> group in Content.ReadLinesAsync(Bucket, "t", Encoding.UTF8, ReadOptions.Default, Token))
        {
            lines.AddRange(group);
        }

        Assert.Equal(["eins", "zwei ü", "", "vier"], lines);
        Assert.Equal(bytes, await Content.ReadBytesAsync(Bucket, "t", ReadOptions.Default, Token));
        await PutAsync("empty", []);
        Assert.Equal("", await Content.ReadTextAsync(Bucket, "empty", Encoding.UTF8, ReadOptions.Default, Token));
        Assert.Empty(await Content.ReadBytesAsync(Bucket, "empty", ReadOptions.Default, Token));
    }

    [Fact]
    public async Task A_wrong_secret_and_an_unknown_key_are_told()
    {
        AwsKeys right = Session.Given(o => o.Keys).Value!;
        foreach (AwsKeys keys in new[] { new AwsKeys(right.AccessKey, "s3cr3t"), new AwsKeys("AKIANOSUCHKEY0000000", "s3cr3t") })
        {
            ObjectStore objects = new(new StorageClient(await ConnectAsync(keys: keys)));
            LabException e = await Assert.ThrowsAsync<LabException>(async () =>
                await objects.ListAsync(new ObjectListing { Bucket = Bucket }, Token).GetAsyncEnumerator(Token).MoveNextAsync());
            Assert.Contains(e.Kind, new[] { LabErrorKind.AuthenticationFailed, LabErrorKind.AccessDenied });
            Assert.DoesNotContain("s3cr3t", e.Message + e.Advice, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_unreachable_endpoint_stops_the_command_in_one_line()
    {
        ObjectStore objects = new(new StorageClient(await ConnectAsync(new Uri("http://127.0.0.1:1"))));
        LabException e = await Assert.ThrowsAsync<LabException>(() => objects.GetAsync(Bucket, "k", ReadOptions.Default, Token));
        Assert.Equal(LabErrorKind.ConnectionFailed, e.Kind);
        Assert.True(e.StopsCommand);
        Assert.Contains("127.0.0.1:1", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }
}
