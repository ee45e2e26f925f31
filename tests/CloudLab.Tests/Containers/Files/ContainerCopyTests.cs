using System.Formats.Tar;
using System.Text;
using CloudLab.Core.Common.Archives;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Containers.Files;
using CloudLab.Tests.Containers.Containers;
using Xunit;

namespace CloudLab.Tests.Containers.Files;

/// <summary>Copies into and out of containers of a real Docker Engine.</summary>
[Trait("Area", "Containers")]
[Trait("Server", "docker")]
public sealed class ContainerCopyTests : ContainerWorld
{
    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-copy-").FullName;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_folder_goes_in_between_and_out_with_the_rules_of_docker_cp()
    {
        LabContainer a = await StartAsync(null, "sleep", "1000"), b = await StartAsync(null, "sleep", "1000");
        string site = Path.Combine(folder, "site");
        Directory.CreateDirectory(Path.Combine(site, "deep", "empty"));
        byte[] bytes = new byte[3_000_001];
        new Random(1).NextBytes(bytes);
        await File.WriteAllBytesAsync(Path.Combine(site, "deep", "data.bin"), bytes);
        await File.WriteAllTextAsync(Path.Combine(site, "ä " + new string('n', 150) + ".txt"), "hello");
        File.CreateSymbolicLink(Path.Combine(site, "link"), "deep/data.bin");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Path.Combine(site, "deep", "data.bin"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        // Into a folder that is there: below it, with its name. As a new name: the name. Content: without the name.
        LabContainerCopy copy = await CopyAsync(site, $"{a.Name}:/tmp");
        Assert.Equal(($"{a.Name}:/tmp/site", 2L, 3_000_006L), (copy.Destination, copy.Files, copy.Size));
        await CopyAsync(site, $"{a.Name}:/tmp/new");
        await DockerAsync("exec", a.Name, "mkdir", "/tmp/content");
        await CopyAsync(site + "/.", $"{a.Name}:/tmp/content");
        string sum = Convert.ToHexString(System.Security.Cryptography.MD5.HashData(bytes)).ToLowerInvariant();
        foreach (string where in new[] { "/tmp/site", "/tmp/new", "/tmp/content" })
        {
            Assert.Equal($"{sum}  {where}/link", await DockerAsync("exec", a.Name, "md5sum", where + "/link"));
            Assert.Equal("0 0 700", await DockerAsync("exec", a.Name, "stat", "-c", "%u %g %a", where + "/deep/data.bin"));
        }

        // Between containers, under another name.
        await CopyAsync($"{a.Name}:/tmp/site", $"{b.Name}:/tmp/other");
        Assert.Equal($"{sum}  /tmp/other/link", await DockerAsync("exec", b.Name, "md5sum", "/tmp/other/link"));
        Assert.Equal("", await DockerAsync("exec", b.Name, "ls", "/tmp/other/deep/empty"));

        // Out: a folder, its content, a file.
        string back = Directory.CreateDirectory(Path.Combine(folder, "back")).FullName;
        await CopyAsync($"{b.Name}:/tmp/other", back);
        Same(site, Path.Combine(back, "other"));
        await CopyAsync($"{b.Name}:/tmp/other/.", Path.Combine(folder, "fresh"));
        Same(site, Path.Combine(folder, "fresh"));
        await CopyAsync($"{b.Name}:/tmp/other/deep/data.bin", Path.Combine(folder, "one.bin"));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(folder, "one.bin")));
        Assert.Empty(Directory.EnumerateFiles(folder, "*.partial", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Links_are_resolved_inside_and_none_leads_out()
    {
        LabContainer box = await StartAsync(null, "sh", "-c", """
            mkdir -p /data/sub /other; echo inside > /data/sub/file; echo outside > /other/file
            ln -s /data/sub/file /abs; ln -s ../../../../../data/sub /up; ln -s sub/file /data/good; ln -s ../../etc/passwd /data/out; ln -s /etc/passwd /data/absolute
            ln -s /data/sub /folder; touch /ready; sleep 1000
            """);
        while (!(await DockerAsync("exec", box.Name, "ls", "/")).Contains("ready", StringComparison.Ordinal))
        {
            await Task.Delay(50);
        }

        ErrorOf(await RunAsync("Copy-LabContainerItem", new { Path = box.Name + ":/abs", Destination = folder }), "SourceIsLink");
        await CopyAsync(box.Name + ":/abs", folder, follow: true);
        Assert.Equal("inside\n", await File.ReadAllTextAsync(Path.Combine(folder, "abs")));

        // A link with too many ".." ends at the container's root, and a folder on the way may be a link.
        await CopyAsync(box.Name + ":/up/.", Path.Combine(folder, "up"));
        Assert.Equal("inside\n", await File.ReadAllTextAsync(Path.Combine(folder, "up", "file")));

        CmdletResult result = await RunAsync("Copy-LabContainerItem", new { Path = box.Name + ":/data", Destination = folder });
        result.Ok();
        Assert.Equal(2, result.Warnings.Count);
        Assert.Equal(["good", "sub"], Directory.EnumerateFileSystemEntries(Path.Combine(folder, "data")).Select(p => Path.GetFileName(p)!).Order());
        Assert.Equal("inside\n", await File.ReadAllTextAsync(Path.Combine(folder, "data", "good")));

        // Into a folder that is a link.
        await File.WriteAllTextAsync(Path.Combine(folder, "in.txt"), "in");
        await CopyAsync(Path.Combine(folder, "in.txt"), box.Name + ":/folder");
        Assert.Equal("in", await DockerAsync("exec", box.Name, "cat", "/data/sub/in.txt"));
    }

    [Fact]
    public async Task A_copy_within_a_container_or_a_volume_ends_and_leaves_nothing()
    {
        LabContainer box = await StartAsync(null, "sleep", "1000");
        await DockerAsync("exec", box.Name, "sh", "-c", "mkdir -p /big/deep; for i in 1 2 3 4; do dd if=/dev/urandom of=/big/deep/$i bs=1M count=4; done 2>/dev/null");
        async Task SameAsync(string copy) => Assert.Equal("", await DockerAsync("exec", box.Name, "diff", "-r", "/big", copy));
        LabContainerCopy copy = await CopyAsync($"{box.Name}:/big", $"{box.Name}:/big9").WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal((4L, 16L << 20, $"{box.Name}:/big9"), (copy.Files, copy.Size, copy.Destination));
        await SameAsync("/big9");

        // The same by its id.
        await CopyAsync($"{box.Name}:/big/.", $"{box.Id[..12]}:/big8").WaitAsync(TimeSpan.FromMinutes(1));
        await SameAsync("/big8");

        string data = Fresh("data");
        await DockerAsync("volume", "create", "--label", Label, data);
        try
        {
            await CopyAsync($"{box.Name}:/big", $"volume://{data}/x");
            await CopyAsync($"volume://{data}/x", $"volume://{data}/x2").WaitAsync(TimeSpan.FromMinutes(1));
            await CopyAsync($"volume://{data}/x2", $"{box.Name}:/big7");
            await SameAsync("/big7");
            ErrorOf(await RunAsync("Copy-LabContainerItem", new { Path = $"volume://{data}/x", Destination = $"volume://{data}/x/deep" }), "CopyIntoItself");

            // Ctrl+C in the middle.
            using CancellationTokenSource ctrlC = new();
            Task<CmdletResult> running = RunAsync("Copy-LabContainerItem", new { Path = Enumerable.Repeat($"volume://{data}/x", 50).ToArray(), Destination = $"volume://{data}/x3" }, ctrlC: ctrlC.Token);
            while (!Directory.EnumerateFiles(Path.GetTempPath(), "cloudlab-copy-*.tar").Any() && !running.IsCompleted)
            {
                await Task.Delay(5);
            }

            await ctrlC.CancelAsync();
            Assert.True((await running.WaitAsync(TimeSpan.FromMinutes(1))).Stopped);
            Assert.Equal("", await DoorsAsync(data));
        }
        finally
        {
            await DockerAsync("volume", "rm", "-f", data);
        }

        Assert.Empty(Directory.EnumerateFiles(Path.GetTempPath(), "cloudlab-copy-*.tar"));
    }

    [Fact]
    public async Task A_pipe_is_copied_as_one_and_a_socket_is_left_out()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no named pipes in folders.");
        LabContainer box = await StartAsync(null, "sleep", "1000");
        string odd = Directory.CreateDirectory(Path.Combine(folder, "odd")).FullName;
        await ForeignProcess.OutputAsync(new("mkfifo", [Path.Combine(odd, "pipe")]));
        await File.WriteAllTextAsync(Path.Combine(odd, "empty"), "");
        await File.WriteAllTextAsync(Path.Combine(odd, "text"), "hello");
        using System.Net.Sockets.Socket socket = new(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(Path.Combine(odd, "socket")));

        CmdletResult result = await RunAsync("Copy-LabContainerItem", new { Path = odd, Destination = box.Name + ":/tmp/odd" }).WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal((2L, 5L), (Assert.Single(result.Ok().OutputOf<LabContainerCopy>()).Files, result.OutputOf<LabContainerCopy>().Single().Size));
        Assert.Contains("(Socket)", Assert.Single(result.Warnings), StringComparison.Ordinal);
        Assert.Equal("empty\npipe\ntext", await DockerAsync("exec", box.Name, "ls", "/tmp/odd"));
        Assert.Equal("fifo", await DockerAsync("exec", box.Name, "stat", "-c", "%F", "/tmp/odd/pipe"));

        // As the source itself, and on to another place.
        await CopyAsync(Path.Combine(odd, "pipe"), box.Name + ":/tmp/alone");
        Assert.Equal("fifo", await DockerAsync("exec", box.Name, "stat", "-c", "%F", "/tmp/alone"));
    }

    [Fact]
    public async Task Volumes_are_filled_and_emptied_without_a_container_of_their_own()
    {
        LabContainer box = await StartAsync(null, "sleep", "1000");
        string data = Fresh("data"), site = Directory.CreateDirectory(Path.Combine(folder, "site")).FullName;
        await File.WriteAllTextAsync(Path.Combine(site, "a.txt"), "hello");
        File.CreateSymbolicLink(Path.Combine(site, "link"), "a.txt");
        await DockerAsync("volume", "create", "--label", Label, data);
        try
        {
            LabContainerCopy copy = await CopyAsync(site, $"volume://{data}");
            Assert.Equal(($"volume://{data}/site", 1L, 5L), (copy.Destination, copy.Files, copy.Size));
            Assert.Equal($"volume://{data}", (await CopyAsync(site + "/.", $"volume://{data}/")).Destination);

            // To a container and back, and through a link that begins at the root of the volume.
            await CopyAsync($"volume://{data}/site", $"{box.Name}:/tmp/from");
            Assert.Equal("hello", await DockerAsync("exec", box.Name, "cat", "/tmp/from/link"));
            await DockerAsync("exec", box.Name, "ln", "-s", "/site/a.txt", "/tmp/from/root");
            await CopyAsync($"{box.Name}:/tmp/from", $"volume://{data}/back");
            await CopyAsync($"volume://{data}/back/root", Path.Combine(folder, "root.txt"), follow: true);
            Assert.Equal("hello", await File.ReadAllTextAsync(Path.Combine(folder, "root.txt")));

            await CopyAsync($"volume://{data}/site", Path.Combine(folder, "out"));
            Same(site, Path.Combine(folder, "out"));
            await CopyAsync($"volume://{data}", folder);
            Assert.Equal(["a.txt", "back", "link", "site"], Directory.EnumerateFileSystemEntries(Path.Combine(folder, data)).Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal));

            ErrorOf(await RunAsync("Copy-LabContainerItem", new { Path = $"volume://{data}/nosuch", Destination = folder }), "ContainerPathNotFound");
            Assert.Contains($"'{data}'", ErrorOf(await RunAsync("Copy-LabContainerItem", new { Path = $"volume://{data[..^1]}/x", Destination = folder }), "VolumeNotFound").ToString(), StringComparison.Ordinal);
            Assert.Contains($"write volume://{data}/x", ErrorOf(await RunAsync("Copy-LabContainerItem", new { Path = $"{data}:/x", Destination = folder }), "ContainerNotFound").ToString(), StringComparison.Ordinal);
            ErrorOf(await RunAsync("Copy-LabContainerItem", new { Path = "volume:///x", Destination = folder }), "ContainerPathInvalid");

            // Ctrl+C in the middle of a large copy.
            await using (FileStream large = File.Create(Path.Combine(folder, "large")))
            {
                large.SetLength(4L << 30);
            }

            using CancellationTokenSource ctrlC = new();
            Task<CmdletResult> running = RunAsync("Copy-LabContainerItem", new { Path = Path.Combine(folder, "large"), Destination = $"volume://{data}/" }, ctrlC: ctrlC.Token);
            while ((await DoorsAsync(data)).Length == 0 && !running.IsCompleted)
            {
                await Task.Delay(10);
            }

            await ctrlC.CancelAsync();
            Assert.True((await running.WaitAsync(TimeSpan.FromMinutes(1))).Stopped);
            Assert.Equal("", await DoorsAsync(data));
        }
        finally
        {
            await DockerAsync("volume", "rm", "-f", data);
        }
    }

    [Fact]
    public async Task A_volume_of_an_engine_without_an_image_is_out_of_reach()
    {
        await using FakeEngine engine = FakeEngine.After(FakeEngine.Http(200, "OK"), line =>
            line.Contains("/volumes", StringComparison.Ordinal) ? FakeEngine.Http(200, """{"Volumes":[{"Name":"data","Driver":"local","Mountpoint":"/x","Scope":"local"}]}""") : FakeEngine.Http(200, "[]"));
        CmdletResult result = await CmdletRunner.RunAsync("Copy-LabContainerItem", new { Path = "volume://data/x", Destination = folder, DockerHost = engine.Host });
        Assert.Contains("busybox", ErrorOf(result, "VolumeNeedsImage").ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{box}:/nosuch", "{folder}", "ContainerPathNotFound")]
    [InlineData("nosuchbox:/etc", "{folder}", "ContainerNotFound")]
    [InlineData("{folder}/nosuch", "{box}:/tmp", "FileNotFound")]
    [InlineData("{folder}", "{box}:/no/such/folder", "DestinationNotFound")]
    [InlineData("{folder}", "{box}:/etc/passwd", "DestinationIsFile")]
    [InlineData("{folder}/own.txt", "{box}:/etc/passwd/", "DestinationIsFile")]
    [InlineData("{folder}/own.txt", "{box}:/etc/passwd/.", "DestinationIsFile")]
    [InlineData("{folder}/own.txt", "{box}:/etc/passwd/new", "DestinationIsFile")]
    [InlineData("{folder}/own.txt", "{box}:/etc/passwd/no/new", "DestinationNotFound")]
    [InlineData("{box}:/etc/passwd/", "{folder}", "ContainerPathNotFound")]
    [InlineData("{box}:/etc", "{id}:/etc/x", "CopyIntoItself")]
    [InlineData("{box}:/etc", "{box}:/", "CopyIntoItself")]
    [InlineData("{box}:/etc/.", "{box}:/etc", "CopyIntoItself")]
    [InlineData("{folder}", "{folder}/x", "LocalCopy")]
    [InlineData("{box}:", "{folder}", "ContainerPathInvalid")]
    public async Task What_is_wrong_is_said(string source, string destination, string code)
    {
        LabContainer box = await StartAsync(null, "sleep", "1000");
        await File.WriteAllTextAsync(Path.Combine(folder, "own.txt"), "own");
        string Fill(string text) => text.Replace("{box}", box.Name, StringComparison.Ordinal).Replace("{id}", box.Id[..12], StringComparison.Ordinal).Replace("{folder}", folder, StringComparison.Ordinal);
        ErrorOf(await RunAsync("Copy-LabContainerItem", new { Path = Fill(source), Destination = Fill(destination) }), code);
    }

    [Theory]
    [InlineData("../evil", null)]
    [InlineData("/evil", null)]
    [InlineData("root/../../evil", null)]
    [InlineData("elsewhere/evil", null)]
    [InlineData("root/link/evil", "..")]
    public async Task An_archive_cannot_write_outside(string name, string? link)
    {
        using MemoryStream tar = new();
        await using (TarWriter writer = new(tar, TarEntryFormat.Pax, leaveOpen: true))
        {
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, "root/"));
            if (link is not null)
            {
                // Made by hand, as no honest archive would let one.
                Directory.CreateDirectory(Path.Combine(folder, "target"));
                File.CreateSymbolicLink(Path.Combine(folder, "target", "link"), link);
            }

            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes("x")) });
        }

        tar.Position = 0;
        using ProgressMeter meter = new(NullReporter.Instance, "test");
        LabException e = await Assert.ThrowsAsync<LabException>(() => new TarExtraction(Path.Combine(folder, "target"), "the Docker Engine", meter, NullReporter.Instance).RunAsync(tar, "web:/x", default));
        Assert.Equal("TarUnsafe", e.Code);
        Assert.False(File.Exists(Path.Combine(folder, "evil")));
        Assert.False(File.Exists("/evil"));
    }

    private static Task<string> DoorsAsync(string volume) => DockerAsync("ps", "-aq", "--filter", "label=cloudlab.volume=" + volume);

    private static void Same(string expected, string actual)
    {
        string[] names = [.. Directory.EnumerateFileSystemEntries(expected, "*", SearchOption.AllDirectories).Select(p => Path.GetRelativePath(expected, p)).Order(StringComparer.Ordinal)];
        Assert.Equal(names, Directory.EnumerateFileSystemEntries(actual, "*", SearchOption.AllDirectories).Select(p => Path.GetRelativePath(actual, p)).Order(StringComparer.Ordinal));
        foreach (string name in names.Where(n => File.Exists(Path.Combine(expected, n))))
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(expected, name)), File.ReadAllBytes(Path.Combine(actual, name)));
            Assert.Equal(new FileInfo(Path.Combine(expected, name)).LinkTarget, new FileInfo(Path.Combine(actual, name)).LinkTarget);
        }
    }

    private static async Task<LabContainerCopy> CopyAsync(string source, string destination, bool follow = false) =>
        Assert.Single((await RunAsync("Copy-LabContainerItem", new { Path = source, Destination = destination, FollowLink = follow })).Ok().OutputOf<LabContainerCopy>());
}
