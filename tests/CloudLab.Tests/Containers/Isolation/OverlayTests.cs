using System.Diagnostics;
using CloudLab.Core.Containers.Isolation;
using Xunit;

namespace CloudLab.Tests.Containers.Isolation;

[Trait("Area", "Containers")]
public sealed class OverlayTests : KernelWorld
{
    [Fact]
    public async Task A_change_goes_to_the_writable_layer_and_how_is_told()
    {
        NeedRoot();
        Write("base/kept", "base");
        Write("base/modified", "base");
        Write("base/deleted", "base");
        Write("base/dir/old", "base");
        Write("base/dir2/inner", "base");
        Write("app/kept", "app");
        LabOverlay overlay = await MountAsync(new { LowerPath = new[] { At("app"), At("base") }, UpperPath = At("changes"), Path = At("merged") });
        Assert.Equal(At("changes") + ".work", overlay.WorkPath);
        Assert.Equal("app", File.ReadAllText(At("merged/kept")));

        File.WriteAllText(At("merged/added"), "new");
        File.WriteAllText(At("merged/modified"), "longer than before");
        File.Delete(At("merged/deleted"));
        Directory.Delete(At("merged/dir"), recursive: true);
        Directory.CreateDirectory(At("merged/dir"));
        File.WriteAllText(At("merged/dir/fresh"), "x");
        File.Delete(At("merged/dir2/inner"));

        LabOverlayChange[] changes = (await RunAsync("Get-LabOverlayChange", new { }, [overlay])).Ok().OutputOf<LabOverlayChange>();

        Assert.Equal(
            [
                "/added Added New ", "/deleted Deleted Whiteout base/deleted", "/dir Replaced Opaque base/dir", "/dir/fresh Added New ", "/dir2/inner Deleted Whiteout base/dir2/inner",
                "/modified Modified CopyUp base/modified",
            ],
            changes.Select(c => $"{c.Path} {c.Change} {c.Mechanism} {(c.LowerPath is null ? "" : Path.GetRelativePath(Folder, c.LowerPath))}"));
        Assert.All(changes, c => Assert.Equal(At("changes") + c.Path, c.UpperPath));
        Assert.Equal(18, changes.Single(c => c.Path == "/modified").Size);
        Assert.Equal("base", File.ReadAllText(At("base/modified")));
        Assert.True(File.Exists(At("base/deleted")));

        (await RunAsync("Dismount-LabOverlay", new { }, [overlay])).Ok();
        Assert.True(File.Exists(At("changes/added")));
        Assert.False(Directory.Exists(At("changes.work")));
        Assert.False(Directory.Exists(At("merged")));
    }

    [Fact]
    public async Task What_another_deleted_in_a_middle_layer_is_no_file_below()
    {
        NeedRoot();
        Write("base/file", "base");
        await MountAsync(new { LowerPath = new[] { At("base") }, UpperPath = At("middle"), Path = At("m") });
        File.Delete(At("m/file"));
        (await RunAsync("Dismount-LabOverlay", new { Path = At("m") })).Ok();

        LabOverlay overlay = await MountAsync(new { LowerPath = new[] { At("middle"), At("base") }, UpperPath = At("top"), Path = At("m") });
        Assert.False(File.Exists(At("m/file")));
        File.WriteAllText(At("m/file"), "anew");
        LabOverlayChange change = Assert.Single((await RunAsync("Get-LabOverlayChange", new { Path = At("m") })).Ok().OutputOf<LabOverlayChange>());
        Assert.Equal(("Added", null), (change.Change, change.LowerPath));
        (await RunAsync("Dismount-LabOverlay", new { }, [overlay])).Ok();
    }

    [Fact]
    public async Task Paths_may_have_colons_commas_and_blanks()
    {
        NeedRoot();
        const string Odd = "o:d,d n\u00e9";
        Write(Odd + "1/file", "one");
        Write("plain/other", "two");
        LabOverlay overlay = await MountAsync(new { LowerPath = new[] { At(Odd + "1"), At("plain") }, UpperPath = At(Odd + "2"), Path = At(Odd + "3") });
        Assert.Equal("one", File.ReadAllText(At(Odd + "3/file")));
        File.WriteAllText(At(Odd + "3/new"), "");

        LabOverlay found = Assert.Single((await RunAsync("Get-LabOverlay", new { Path = At(Odd + "3") })).Ok().OutputOf<LabOverlay>());
        Assert.Equal((overlay.Path, overlay.UpperPath, overlay.WorkPath), (found.Path, found.UpperPath, found.WorkPath));
        Assert.Equal(overlay.LowerPath, found.LowerPath);
        Assert.True(File.Exists(At(Odd + "2/new")));
        (await RunAsync("Dismount-LabOverlay", new { }, [found])).Ok();
    }

    [Fact]
    public async Task A_read_only_overlay_takes_no_change()
    {
        NeedRoot();
        Write("a/one", "");
        Write("b/two", "");
        LabOverlay overlay = await MountAsync(new { LowerPath = new[] { At("a") }, UpperPath = At("b"), ReadOnly = true, Path = At("m") });
        Assert.True(overlay.ReadOnly && File.Exists(At("m/two")));
        Assert.ThrowsAny<IOException>(() => File.WriteAllText(At("m/three"), ""));
        (await RunAsync("Dismount-LabOverlay", new { }, [overlay])).Ok();
    }

    [Fact]
    public async Task An_overlay_in_use_names_who_uses_it_and_Force_takes_it_away()
    {
        NeedRoot();
        Write("base/file", "");
        LabOverlay overlay = await MountAsync(new { LowerPath = new[] { At("base") }, UpperPath = At("u"), Path = At("m") });
        using Process user = Process.Start(new ProcessStartInfo("sleep", ["1000"]) { WorkingDirectory = overlay.Path })!;
        try
        {
            CmdletResult busy = await RunAsync("Dismount-LabOverlay", new { Path = overlay.Path });
            Assert.StartsWith("OverlayBusy,", busy.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Contains($"'sleep' ({user.Id})", $"{busy.Error()}", StringComparison.Ordinal);
            (await RunAsync("Dismount-LabOverlay", new { Path = overlay.Path, WhatIf = true })).Ok();
            Assert.Contains(OverlayMounts.All(), o => o.Path == overlay.Path);
            (await RunAsync("Dismount-LabOverlay", new { Path = overlay.Path, Force = true })).Ok();
        }
        finally
        {
            user.Kill();
            await user.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task What_the_kernel_would_refuse_is_told_in_words()
    {
        NeedRoot();
        Write("base/file", "");
        Assert.StartsWith("LayerNotFound,", (await TryAsync(new { LowerPath = new[] { At("none") }, UpperPath = At("u"), Path = At("m") })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Refused(await TryAsync(new { LowerPath = new[] { At("base") }, Path = At("m") }), "nothing to put together");
        Refused(await TryAsync(new { LowerPath = new[] { At("base") }, UpperPath = At("base/u"), Path = At("m") }), "must not be in one another");
        Refused(await TryAsync(new { LowerPath = new[] { At("base") }, UpperPath = At("u"), WorkPath = "/dev/shm/cloudlab-" + Path.GetFileName(Folder), Path = At("m") }), "must be on the file system of the writable layer");
        Refused(await TryAsync(new { LowerPath = Enumerable.Repeat(At("base"), 400).ToArray(), UpperPath = At("u"), Path = At("m") }), "longer than the kernel takes");
        Assert.False(Directory.Exists(At("m")));

        LabOverlay first = await MountAsync(new { LowerPath = new[] { At("base") }, UpperPath = At("u"), Path = At("m") });
        Refused(await TryAsync(new { LowerPath = new[] { At("base") }, UpperPath = At("m/u"), Path = At("m2") }), "cannot be a writable layer");
        (await RunAsync("Dismount-LabOverlay", new { }, [first])).Ok();
        Assert.StartsWith("OverlayNotFound,", (await RunAsync("Dismount-LabOverlay", new { Path = At("m") })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_if_makes_no_folder()
    {
        NeedRoot();
        Write("base/file", "");
        Assert.Empty((await TryAsync(new { LowerPath = new[] { At("base") }, UpperPath = At("u"), Path = At("m"), WhatIf = true })).Ok().Output);
        Assert.False(Directory.Exists(At("u")) || Directory.Exists(At("m")));
    }

    [Fact]
    public void A_mount_table_is_read_as_older_and_newer_kernels_write_it()
    {
        string file = At("mountinfo");
        File.WriteAllText(file, """
            22 1 0:20 / / rw - ext4 /dev/vda rw
            53 22 0:40 / /a\040b rw,relatime - overlay overlay rw,lowerdir=/l\134:1:/l2,upperdir=/u\134\054p,workdir=/w
            54 22 0:41 / /c ro - overlay overlay ro,lowerdir+=/x,lowerdir+=/y
            """);
        MountEntry[] mounts = [.. MountTable.Read(file)];
        Assert.Equal(["/l:1", "/l2"], mounts[1].Lower);
        Assert.Equal(("/a b", "/u,p", "/w"), (mounts[1].Path, mounts[1].Upper, mounts[1].Work));
        Assert.Equal(["/x", "/y"], mounts[2].Lower);
        Assert.True(mounts[2].ReadOnly && mounts[2].Upper is null);
        Assert.Equal("/a b", MountTable.Of(file, "/a b/c")!.Path);
        Assert.Equal("/", MountTable.Of(file, "/a bc")!.Path);
    }

    private static void Refused(CmdletResult result, string why)
    {
        Assert.StartsWith("OverlayInvalid,", result.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(why, $"{result.Error()}", StringComparison.Ordinal);
    }

    private static Task<CmdletResult> TryAsync(object parameters) => RunAsync("Mount-LabOverlay", parameters);

    private static async Task<LabOverlay> MountAsync(object parameters) => Assert.Single((await TryAsync(parameters)).Ok().OutputOf<LabOverlay>());

    private string At(string path) => Path.Combine(Folder, path);

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), text);
    }
}
