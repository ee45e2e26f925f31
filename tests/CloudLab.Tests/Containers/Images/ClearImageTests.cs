using CloudLab.Core.Containers.Images;
using CloudLab.Core.Containers.Usage;
using Xunit;

namespace CloudLab.Tests.Containers.Images;

/// <summary>Tests that measure the engine as a whole, and so must be alone with it.</summary>
[CollectionDefinition("Docker alone", DisableParallelization = true)]
public static class DockerAlone;

/// <summary>What a clearing says it would remove, and what it then does.</summary>
[Collection("Docker alone")]
[Trait("Area", "Containers")]
[Trait("Server", "docker")]
public sealed class ClearImageTests : IAsyncLifetime
{
    private readonly ImageLab lab = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => lab.DisposeAsync();

    [Fact]
    public async Task A_clearing_says_what_it_would_remove_and_how_much_and_then_does_exactly_that()
    {
        // Random bytes, so that nothing but these images has them; and not built, so that no build cache holds on to them. 2 and 3 share a layer.
        byte[] shared = Random(100_000);
        foreach ((string tag, byte[][] layers) in new (string, byte[][])[] { ("1", [Random(400_000)]), ("2", [shared, Random(300_000)]), ("3", [shared, Random(200_000)]), ("4", [Random(200_000)]) })
        {
            await File.WriteAllBytesAsync(lab.File(tag + ".tar"), ArchiveWriter.Docker(lab.Name($"{lab.Repository}:{tag}"), lab.Repository, layers));
        }

        (await lab.RunAsync("Import-LabImage", new { Path = "?.tar" })).Ok();
        await lab.RunAsync("Add-LabImageTag", new { Image = lab.Repository + ":1", Tag = lab.Name(lab.Repository + "-more:1") });

        CmdletResult preview = await lab.RunAsync("Clear-LabImage", new { Image = lab.Repository + ":*", Keep = 2, WhatIf = true });
        LabImageRemoval[] plan = preview.Ok().OutputOf<LabImageRemoval>();
        Assert.Equal([lab.Repository + ":1", lab.Repository + ":2"], plan.Select(p => p.Image));
        Assert.Equal(0, plan[0].Size);
        Assert.Contains("2 images", Assert.Single(preview.Information), StringComparison.Ordinal);
        Assert.Equal(4, (await lab.RunAsync("Get-LabImage", new { Image = lab.Repository })).Ok().Output.Count);

        long before = await LayersSizeAsync();
        LabImageRemoval[] removed = (await lab.RunAsync("Clear-LabImage", new { Image = lab.Repository + ":*", Keep = 2, Force = true })).Ok().OutputOf<LabImageRemoval>();
        Assert.Equal([lab.Repository + ":1", lab.Repository + ":2"], removed.Select(r => r.Image));
        Assert.Equal(plan.Select(p => p.Size), removed.Select(r => r.Size));
        Assert.InRange(before - await LayersSizeAsync(), removed[1].Size * 95 / 100, removed[1].Size * 105 / 100);
        Assert.InRange(removed[1].Size, 590_000, 650_000);
        Assert.Equal([lab.Repository + ":3", lab.Repository + ":4"], (await lab.RunAsync("Get-LabImage", new { Image = lab.Repository })).Ok().OutputOf<LabImage>().Select(i => i.Image).Order());

        Assert.Empty((await lab.RunAsync("Clear-LabImage", new { Image = lab.Repository + ":*", OlderThan = TimeSpan.FromDays(3650), Force = true })).Ok().Output);
        Assert.Empty((await lab.RunAsync("Clear-LabImage", new { Image = lab.Repository + ":*", Label = "test=other", Force = true })).Ok().Output);

        // All of them have names.
        CmdletResult unnamed = await lab.RunAsync("Clear-LabImage", new { Label = "test=" + lab.Repository, Force = true });
        Assert.Empty(unnamed.Ok().Output);
        Assert.Contains("-All adds those with a name", Assert.Single(unnamed.Warnings), StringComparison.Ordinal);
        CmdletResult none = await lab.RunAsync("Clear-LabImage", new { Label = "test=other", OlderThan = TimeSpan.Zero, Force = true });
        Assert.Empty(none.Ok().Warnings);

        // 3 and 4, and 1 by its other name.
        Assert.Equal(3, (await lab.RunAsync("Clear-LabImage", new { All = true, Label = "test=" + lab.Repository, Force = true })).Ok().Output.Count);
    }

    private static byte[] Random(int size) => ArchiveWriter.Layer(("content", System.Security.Cryptography.RandomNumberGenerator.GetBytes(size)));

    private static async Task<long> LayersSizeAsync() =>
        (await new DockerUsage(LabSessionOf(), Core.Common.Reporting.NullReporter.Instance).MeasureAsync(CancellationToken.None))[0].Size;

    private static Core.Sessions.LabSession LabSessionOf() => Core.Sessions.LabSession.Resolve(new() { DockerHost = TestServers.Docker() }, "test");
}
