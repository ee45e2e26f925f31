using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Layers;
using CloudLab.Tests.Containers.Images;
using Xunit;

namespace CloudLab.Tests.Containers.Layers;

/// <summary>Archives of images in all their forms, and such as are none.</summary>
[Trait("Area", "Containers")]
public class ImageArchiveTests
{
    private static readonly byte[] Below = ArchiveWriter.Layer(("./bin/", ""), ("bin/sh", "12345"), ("data/one", "1"), ("data/two", "22"), ("data/sub/three", "333"));
    private static readonly byte[] Above = ArchiveWriter.Layer(("data/.wh.one", ""), ("data/sub/.wh..wh..opq", ""), ("data/sub/new", "4444"), ("bin/sh", "123456"), ("../../etc/passwd", "x"));

    [Theory]
    [InlineData("tar")]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("docker")]
    public async Task Every_form_gives_the_same_layers(string form)
    {
        byte[][] contents = [Below, Above];
        byte[] archive = form switch
        {
            "docker" => ArchiveWriter.Docker("a:1", null, contents),
            "gzip" => ArchiveWriter.Oci(contents, [ArchiveWriter.GZip(Below), ArchiveWriter.GZip(Above)]),
            "zstd" => ArchiveWriter.Oci(contents, [ArchiveWriter.Zstd(Below), ArchiveWriter.Zstd(Above)]),
            _ => ArchiveWriter.Oci(contents, contents),
        };
        ArchivedImage image = Assert.Single((await ReadAsync(archive)).Images());
        Assert.Equal("linux/amd64", image.Platform);
        ImageFileTree tree = new();
        Assert.Equal(["/bin", "/bin/sh", "/data/one", "/data/two", "/data/sub/three"], tree.Add(image.Layers[0].Content).Select(f => f.Path));
        LabImageFile[] changes = [.. tree.Add(image.Layers[1].Content)];
        Assert.Equal(
            [("/../../etc/passwd", ImageFileChange.Added), ("/bin/sh", ImageFileChange.Changed), ("/data/one", ImageFileChange.Removed), ("/data/sub/new", ImageFileChange.Added), ("/data/sub/three", ImageFileChange.Removed)],
            changes.Select(f => (f.Path, f.Change)).Order());
        Assert.Equal([5 + 1 + 3, 0], tree.Wasted);
        Assert.Equal(["/bin", "/bin/sh", "/data/sub/new", "/data/two", "/../../etc/passwd"], tree.Files().Keys.OrderBy(k => k.TrimStart('/', '.'), StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_layer_that_is_there_twice_is_read_once()
    {
        ArchivedImage image = Assert.Single((await ReadAsync(ArchiveWriter.Docker("a:1", null, Below, Below))).Images());
        Assert.Same(image.Layers[0].Content, image.Layers[1].Content);
        ImageFileTree tree = new();
        tree.Add(image.Layers[0].Content);
        tree.Add(image.Layers[1].Content);
        Assert.Equal([11, 0], tree.Wasted);
    }

    [Theory]
    [InlineData("text", "ImageArchiveInvalid")]
    [InlineData("no image", "ImageArchiveInvalid")]
    [InlineData("layer missing", "ImageArchiveInvalid")]
    [InlineData("layer damaged", "ImageArchiveInvalid")]
    [InlineData("cut", "ImageArchiveInvalid")]
    [InlineData("manifest wrong", "ImageArchiveInvalid")]
    public async Task What_is_no_archive_is_said(string what, string code)
    {
        byte[] zipped = ArchiveWriter.GZip(Below);
        byte[] archive = what switch
        {
            "text" => System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("no tar ", 500))),
            "no image" => ArchiveWriter.Tar(("hello", "world"u8.ToArray())),
            "layer missing" => ArchiveWriter.Tar(("manifest.json", """[{"Config":"c.json","Layers":["a/layer.tar"]}]"""u8.ToArray()), ("c.json", "{}"u8.ToArray())),
            "layer damaged" => ArchiveWriter.Oci([Below], [[.. zipped[..^30]]]),
            "manifest wrong" => ArchiveWriter.Tar(("index.json", """{"manifests":{"a":1}}"""u8.ToArray())),
            _ => ArchiveWriter.Oci([Below], [Below])[..3000],
        };
        LabException e = await Assert.ThrowsAsync<LabException>(async () => (await ReadAsync(archive)).Images());
        Assert.Equal(code, e.Code);
    }

    private static Task<ImageArchive> ReadAsync(byte[] archive) => ImageArchive.ReadAsync(new MemoryStream(archive), hash: false, _ => { }, CancellationToken.None);
}
