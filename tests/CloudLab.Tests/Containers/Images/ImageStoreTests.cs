using System.Management.Automation;
using CloudLab.Core.Containers.Builds;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Containers.Layers;
using CloudLab.Core.Containers.Usage;
using Xunit;

namespace CloudLab.Tests.Containers.Images;

/// <summary>Images in a real engine: files, layers, removal.</summary>
[Trait("Area", "Containers")]
[Trait("Server", "docker")]
public sealed class ImageStoreTests : IAsyncLifetime
{
    private const string Layered = """
        FROM scratch
        ARG TARGETPLATFORM
        COPY ${TARGETPLATFORM}/busybox /bin/busybox
        RUN ["/bin/busybox", "sh", "-c", "/bin/busybox mkdir -p /data/sub; echo one-one > /data/one; echo two > /data/two; echo three > /data/sub/three; /bin/busybox ln -s one /data/link"]
        ENV COLOUR=red
        RUN ["/bin/busybox", "sh", "-c", "/bin/busybox rm -r /data/sub /data/one; echo changed > /data/two"]
        """;

    private readonly ImageLab lab = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => lab.DisposeAsync();

    [Theory]
    [InlineData("images.tar")]
    [InlineData("images.tar.gz")]
    [InlineData("images.tar.zst")]
    public async Task Images_go_to_a_file_and_come_back(string file)
    {
        await lab.BuildAsync(lab.Repository + ":1", "FROM scratch\nCOPY Dockerfile /");
        await lab.BuildAsync(lab.Repository + ":2", "FROM scratch\nCOPY Dockerfile /\nLABEL two=2");
        string[] digests = [.. (await lab.RunAsync("Get-LabImage", new { Image = lab.Repository })).Ok().OutputOf<LabImage>().Select(i => i.Id).Order()];
        FileInfo written = (await lab.RunAsync("Export-LabImage", new { Path = file }, [lab.Repository + ":*", lab.Repository + ":1"])).Ok().OutputOf<FileInfo>().Single();
        Assert.Equal(lab.File(file), written.FullName);
        Assert.True(written.Length > 1000);

        ErrorRecord exists = Assert.Single((await lab.RunAsync("Export-LabImage", new { Path = file, Image = lab.Repository + ":1" })).Errors);
        Assert.StartsWith("FileExists", exists.FullyQualifiedErrorId, StringComparison.Ordinal);

        (await lab.RunAsync("Remove-LabImage", new { Image = lab.Repository + ":*", Force = true })).Ok();
        LabImage[] loaded = (await lab.RunAsync("Import-LabImage", input: [written])).Ok().OutputOf<LabImage>();
        Assert.Equal([lab.Repository + ":1", lab.Repository + ":2"], loaded.Select(i => i.Image).Order());
        Assert.Equal(digests, loaded.Select(i => i.Id).Order());
        Assert.Equal([lab.File(file)], Directory.GetFiles(lab.Folder));
    }

    [Fact]
    public async Task An_image_goes_through_the_pipeline_as_bytes_and_as_a_stream()
    {
        string name = lab.Repository + ":1";
        LabImageBuild build = await lab.BuildAsync(name, "FROM scratch\nARG TARGETPLATFORM\nCOPY ${TARGETPLATFORM}/busybox /bin/busybox");
        byte[][] pieces = (await lab.RunAsync("Export-LabImage", new { AsByteStream = true }, [build])).Ok().OutputOf<byte[]>();
        Assert.True(pieces.Length > 1);
        Assert.All(pieces, piece => Assert.InRange(piece.Length, 1, 1 << 17));

        await GoneAsync();
        LabImage loaded = Assert.Single((await lab.RunAsync("Import-LabImage", input: pieces)).Ok().OutputOf<LabImage>());
        Assert.Equal((name, build.Digest), (loaded.Image, loaded.Digest));

        await GoneAsync();
        await using MemoryStream stream = new([.. pieces.SelectMany(piece => piece)]);
        loaded = Assert.Single((await lab.RunAsync("Import-LabImage", input: [stream])).Ok().OutputOf<LabImage>());
        Assert.Equal((name, build.Digest), (loaded.Image, loaded.Digest));

        // As Get-Content -AsByteStream writes them, and as an argument.
        await GoneAsync();
        loaded = Assert.Single((await lab.RunAsync("Import-LabImage", input: [.. pieces[0].Cast<object>(), .. pieces[1..]])).Ok().OutputOf<LabImage>());
        Assert.Equal(build.Digest, loaded.Digest);
        await GoneAsync();
        loaded = Assert.Single((await lab.RunAsync("Import-LabImage", new { InputObject = stream.ToArray() })).Ok().OutputOf<LabImage>());
        Assert.Equal(build.Digest, loaded.Digest);

        // Nothing was sent of what is no archive; a part of one is no image.
        CmdletResult part = await lab.RunAsync("Import-LabImage", input: [pieces[0]]);
        Assert.StartsWith("ImageArchiveInvalid", Assert.Single(part.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        CmdletResult text = await lab.RunAsync("Import-LabImage", input: ["no archive"u8.ToArray(), new byte[5000], new byte[5000]]);
        Assert.StartsWith("ImageArchiveInvalid", Assert.Single(text.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        CmdletResult nothing = await lab.RunAsync("Import-LabImage", new { WhatIf = true }, input: pieces);
        Assert.Contains("bytes of the pipeline", Assert.Single(nothing.Ok().Information), StringComparison.Ordinal);

        async Task GoneAsync() => (await lab.RunAsync("Remove-LabImage", new { Image = name, Force = true })).Ok();
    }

    [Fact]
    public async Task Ctrl_C_in_the_middle_of_an_upload_is_one_clean_stop()
    {
        string name = lab.Repository + ":1";
        LabImageBuild build = await lab.BuildAsync(name, "FROM scratch\nARG TARGETPLATFORM\nCOPY ${TARGETPLATFORM}/busybox /bin/busybox");
        byte[] archive = [.. (await lab.RunAsync("Export-LabImage", new { Image = name, AsByteStream = true })).Ok().OutputOf<byte[]>().SelectMany(piece => piece)];
        (await lab.RunAsync("Remove-LabImage", new { Image = name, Force = true })).Ok();
        using CancellationTokenSource ctrlC = new();
        await using StuckStream stuck = new(archive[..(archive.Length / 2)], ctrlC.Cancel);
        CmdletResult result = await CmdletRunner.RunAsync("Import-LabImage", new { lab.Session }, input: [stuck], ctrlC: ctrlC.Token).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(result.Stopped);
        Assert.Empty(result.Errors);
        Assert.Empty(result.Output);
        Assert.Empty((await lab.RunAsync("Get-LabImage", new { Image = lab.Repository + "*" })).Ok().Output);

        // The engine takes the whole of it afterwards.
        await using MemoryStream whole = new(archive);
        Assert.Equal(build.Digest, Assert.Single((await lab.RunAsync("Import-LabImage", input: [whole])).Ok().OutputOf<LabImage>()).Digest);
    }

    [Fact]
    public async Task What_cannot_be_exported_or_imported_is_said_and_leaves_no_file()
    {
        await File.WriteAllTextAsync(lab.File("text.tar"), new string('x', 5000));
        await File.WriteAllTextAsync(lab.File("empty.tar"), "");
        CmdletResult import = await lab.RunAsync("Import-LabImage", new { Path = new[] { "text.tar", "empty.tar", "missing.tar", "*.nothing" } });
        Assert.Equal(
            ["FileNotFound", "ImageArchiveInvalid", "ImageArchiveInvalid", "PathNotFound"], import.Errors.Select(e => e.FullyQualifiedErrorId.Split(',')[0]).Order());

        Assert.StartsWith("ImageNotFound", Assert.Single((await lab.RunAsync("Export-LabImage", new { Image = lab.Repository + ":1", Path = "a.tar" })).Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        await lab.BuildAsync(lab.Repository + ":1", "FROM scratch\nCOPY Dockerfile /");
        ErrorRecord second = Assert.Single((await lab.RunAsync("Export-LabImage", new { Image = new[] { lab.Repository + ":1", "cloudlab-test/nosuch:7" }, Path = "a.tar" })).Errors);
        Assert.Contains("'cloudlab-test/nosuch:7'", second.ToString(), StringComparison.Ordinal);
        ErrorRecord platform = Assert.Single((await lab.RunAsync("Export-LabImage", new { Image = lab.Repository + ":1", Path = "a.tar", Platform = "linux/s390x" })).Errors);
        Assert.StartsWith("PlatformNotFound", platform.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("FileNotWritten", Assert.Single((await lab.RunAsync("Export-LabImage", new { Image = lab.Repository + ":1", Path = "no/such/a.tar" })).Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(["empty.tar", "text.tar"], Directory.GetFiles(lab.Folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Layers_show_what_made_them_what_they_change_and_what_is_wasted()
    {
        TestServers.OtherProcessor();
        await lab.BuildAsync(lab.Repository + ":1", Layered, null, "linux/amd64", "linux/arm64");
        await lab.BuildAsync(lab.Repository + ":2", Layered[..Layered.IndexOf("ENV", StringComparison.Ordinal)], null, "linux/amd64", "linux/arm64");
        LabImageLayer[] layers = (await lab.RunAsync("Get-LabImageLayer", new { Image = lab.Repository + ":1" })).Ok().OutputOf<LabImageLayer>();
        Assert.Equal([1, 2, 3], layers.Select(l => l.Number));
        Assert.Equal("COPY linux/amd64/busybox /bin/busybox", layers[0].Instruction);
        Assert.StartsWith("RUN /bin/busybox sh -c /bin/busybox mkdir", layers[1].Instruction, StringComparison.Ordinal);
        Assert.Equal("linux/amd64", layers[0].Platform);
        Assert.All(layers, layer => Assert.StartsWith("sha256:", layer.Digest, StringComparison.Ordinal));
        Assert.Contains(layers[1].Files, f => f is { Path: "/data/link", Change: ImageFileChange.Added, Kind: ImageFileKind.SymbolicLink, LinkTarget: "one" });
        Assert.Equal(
            [("/data/one", ImageFileChange.Removed, 8L), ("/data/sub", ImageFileChange.Removed, 6L), ("/data/two", ImageFileChange.Changed, 8L)],
            layers[2].Files.Where(f => f.Kind != ImageFileKind.Directory || f.Change == ImageFileChange.Removed).Select(f => (f.Path, f.Change, f.Size)).Order());

        // one, three and the old two.
        Assert.Equal([0L, 8 + 6 + 4, 0], layers.Select(l => l.WastedSize));
        Assert.Contains(lab.Repository + ":2", layers[0].SharedWith);
        Assert.Contains(lab.Repository + ":2", layers[1].SharedWith);
        Assert.DoesNotContain(lab.Repository + ":2", layers[2].SharedWith);

        LabImageLayer[] all = (await lab.RunAsync("Get-LabImageLayer", new { Image = lab.Repository + ":1", Platform = "arm64", All = true })).Ok().OutputOf<LabImageLayer>();
        Assert.Contains(all, layer => layer is { Number: 0, Instruction: "ENV COLOUR=red", Digest: null });
        Assert.Equal("COPY linux/arm64/busybox /bin/busybox", all.Single(layer => layer.Number == 1).Instruction);

        ErrorRecord error = Assert.Single((await lab.RunAsync("Get-LabImageLayer", new { Image = lab.Repository + ":1", Platform = "linux/s390x" })).Errors);
        Assert.StartsWith("PlatformNotFound", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("linux/amd64, linux/arm64", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attestations_are_no_platforms()
    {
        TestServers.OtherProcessor();
        LabImageBuild build = await lab.BuildAsync(lab.Repository + ":1", Layered + "\nUSER 1000\nWORKDIR /data\nEXPOSE 8000\nCMD [\"/bin/busybox\", \"sh\"]", null, "linux/amd64", "linux/arm64");
        LabImagePlatform[] platforms = (await lab.RunAsync("Get-LabImagePlatform", input: [build])).Ok().OutputOf<LabImagePlatform>();
        Assert.Equal(["linux/amd64", "linux/arm64"], platforms.Select(p => p.Platform).Order());
        LabImagePlatform arm = platforms.Single(p => p.Platform == "linux/arm64");
        Assert.Equal(("1000", "/data", build.Image), (arm.User, arm.WorkingDirectory, arm.Image));
        Assert.Equal(["/bin/busybox", "sh"], arm.Command!);
        Assert.Equal(["8000/tcp"], arm.ExposedPorts!);
        Assert.Contains("COLOUR=red", arm.Environment!);
        Assert.Single(arm.Attestations!);
        Assert.Equal(build.Digest, (await lab.RunAsync("Get-LabImage", input: [arm])).Ok().OutputOf<LabImage>().Single().Id);
    }

    [Fact]
    public async Task An_image_without_layers_is_no_error()
    {
        await lab.BuildAsync(lab.Repository + ":1", "FROM scratch");
        Assert.Empty((await lab.RunAsync("Get-LabImageLayer", new { Image = lab.Repository + ":1" })).Ok().Output);
        Assert.Contains((await lab.RunAsync("Get-LabImageLayer", new { Image = lab.Repository + ":1", All = true })).Ok().OutputOf<LabImageLayer>(), l => l.Instruction!.StartsWith("LABEL", StringComparison.Ordinal));
        Assert.Equal(0, (await lab.RunAsync("Get-LabImagePlatform", new { Image = lab.Repository + ":1" })).Ok().OutputOf<LabImagePlatform>().Single().LayerCount);
        (await lab.RunAsync("Export-LabImage", new { Image = lab.Repository + ":1", Path = "e.tar" })).Ok();
        (await lab.RunAsync("Import-LabImage", new { Path = "e.tar" })).Ok();
    }

    [Fact]
    public async Task Two_images_are_compared_by_what_a_container_sees()
    {
        await lab.BuildAsync(lab.Repository + ":1", "FROM scratch\nCOPY a b /\nENV COLOUR=red\nCMD [\"/a\"]", new Dictionary<string, string> { ["a"] = "same", ["b"] = "left" });
        await lab.BuildAsync(lab.Repository + ":2", "FROM scratch\nCOPY a /\nCOPY b c /\nENV COLOUR=blue SIZE=9\nCMD [\"/a\"]", new Dictionary<string, string> { ["a"] = "same", ["b"] = "rite", ["c"] = "more" });
        LabImageDifference[] found = (await lab.RunAsync("Compare-LabImage", new { ReferenceImage = lab.Repository + ":1", DifferenceImage = lab.Repository + ":2" })).Ok().OutputOf<LabImageDifference>();
        Assert.Equal(
            ["<> Env COLOUR", "=> Env SIZE", "<> /b", "=> /c"], found.Select(d => $"{d.SideIndicator} {d.Name}"));
        Assert.Equal(("red", "blue"), (found[0].ReferenceValue, found[0].DifferenceValue));
        Assert.Equal(4, found[3].SizeChange);
        Assert.Empty((await lab.RunAsync("Compare-LabImage", new { ReferenceImage = lab.Repository + ":1", DifferenceImage = lab.Repository + ":1" })).Ok().Output);
    }

    [Fact]
    public async Task One_platform_is_removed_and_the_other_stays()
    {
        TestServers.OtherProcessor();

        // Content of their own: the engine takes layers from whoever else has them.
        await lab.BuildAsync(
            lab.Repository + ":1", "FROM scratch\nARG TARGETARCH\nCOPY content-${TARGETARCH} /content",
            new Dictionary<string, string> { ["content-amd64"] = Guid.NewGuid().ToString(), ["content-arm64"] = Guid.NewGuid().ToString() }, "linux/amd64", "linux/arm64");
        (await lab.RunAsync("Remove-LabImage", new { Image = lab.Repository + ":1", Platform = "arm64", Confirm = false })).Ok();
        LabImagePlatform[] left = (await lab.RunAsync("Get-LabImagePlatform", new { Image = lab.Repository + ":1" })).Ok().OutputOf<LabImagePlatform>();
        Assert.Equal([("linux/amd64", true)], left.Where(p => p.Available).Select(p => (p.Platform, p.Available)));
    }

    [Fact]
    public async Task A_platform_whose_layers_others_have_is_kept_and_the_others_are_named()
    {
        TestServers.OtherProcessor();
        Dictionary<string, string> files = new() { ["content"] = Guid.NewGuid().ToString() };
        await lab.BuildAsync(lab.Repository + ":1", "FROM scratch\nCOPY content /", files, "linux/amd64", "linux/arm64");
        await lab.BuildAsync(lab.Repository + ":2", "FROM scratch\nCOPY content /\nENV a=b", files, "linux/arm64");
        ErrorRecord error = Assert.Single((await lab.RunAsync("Remove-LabImage", new { Image = lab.Repository + ":1", Platform = "arm64", Confirm = false })).Errors);
        Assert.StartsWith("ImageLayersShared", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains($"that {lab.Repository}:2, linux/amd64 of the same image would then lack", error.ToString(), StringComparison.Ordinal);
        Assert.All((await lab.RunAsync("Get-LabImagePlatform", new { Image = lab.Repository + ":1" })).Ok().OutputOf<LabImagePlatform>(), p => Assert.True(p.Available));
    }

    [Fact]
    public async Task An_image_in_use_is_kept_and_the_container_named_and_a_container_becomes_an_image()
    {
        await lab.BuildAsync(lab.Repository + ":1", Layered);
        string container = "cloudlab-test-" + Guid.NewGuid().ToString("N");
        await ImageLab.DockerAsync("create", "--name", container, lab.Repository + ":1", "/bin/busybox", "sh");
        try
        {
            ErrorRecord error = Assert.Single((await lab.RunAsync("Remove-LabImage", new { Image = lab.Repository + ":1", Confirm = false })).Errors);
            Assert.StartsWith("ImageInUse", error.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Contains($"{container} (created)", error.ToString(), StringComparison.Ordinal);
            Assert.Empty((await lab.RunAsync("Clear-LabImage", new { Image = lab.Repository + ":*", Force = true })).Ok().Output);

            LabImage made = (await lab.RunAsync("ConvertTo-LabImage", new { Container = container, Tag = lab.Name(lab.Repository + ":made"), Change = new[] { "ENV DEBUG=1" }, Message = "for a test" })).Ok().OutputOf<LabImage>().Single();
            Assert.Equal(lab.Repository + ":made", made.Image);
            Assert.Contains("DEBUG=1", (await lab.RunAsync("Get-LabImagePlatform", input: [made])).Ok().OutputOf<LabImagePlatform>().Single().Environment!);
            ErrorRecord missing = Assert.Single((await lab.RunAsync("ConvertTo-LabImage", new { Container = container[..^1] + "x" })).Errors);
            Assert.StartsWith("ContainerNotFound", missing.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Contains(container, missing.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            await ImageLab.DockerAsync("rm", "--force", container);
        }
    }

    [Fact]
    public async Task Nobody_is_asked_twice_and_who_says_no_keeps_the_image()
    {
        await lab.BuildAsync(lab.Repository + ":1", "FROM scratch\nCOPY Dockerfile /");
        CmdletResult result = await lab.RunAsync("Remove-LabImage", new { Image = lab.Repository + ":1" }, answer: ConfirmAnswer.No);
        Assert.Single(result.Ok().Questions);
        Assert.Single((await lab.RunAsync("Get-LabImage", new { Image = lab.Repository })).Ok().Output);
    }

    [Fact]
    public async Task Disk_use_is_what_the_docker_cli_says()
    {
        await lab.BuildAsync(lab.Repository + ":1", "FROM scratch\nCOPY Dockerfile /");
        LabDockerUsage[] usage = (await lab.RunAsync("Measure-LabDocker")).Ok().OutputOf<LabDockerUsage>();
        Assert.Equal([DockerUsageKind.Images, DockerUsageKind.Containers, DockerUsageKind.Volumes, DockerUsageKind.BuildCache], usage.Select(u => u.Kind));
        Assert.All(usage, u => Assert.InRange(u.Reclaimable, 0, u.Size));
        Assert.True(usage[0].Size > 0);
        CmdletResult preview = await lab.RunAsync("Clear-LabBuildCache", new { All = true, WhatIf = true });
        Assert.Matches(@"\d+ records of the build cache, \d", Assert.Single(preview.Ok().Information));
        Assert.True((await lab.RunAsync("Clear-LabBuildCache", new { OlderThan = TimeSpan.FromDays(3650), Force = true })).Ok().OutputOf<LabBuildCacheRemoval>().Single() is { Count: 0, Size: 0 });
    }

    /// <summary>Comes to a part of what was expected, and no further.</summary>
    private sealed class StuckStream(byte[] part, Action atItsEnd) : MemoryStream(part)
    {
        public override bool CanSeek => false;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int count = await base.ReadAsync(buffer, cancellationToken);
            if (count == 0)
            {
                atItsEnd();
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            return count;
        }
    }
}
