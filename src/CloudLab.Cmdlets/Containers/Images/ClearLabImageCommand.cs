using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Cmdlets.Containers.Images;

/// <summary>Removes the images that no container uses; -WhatIf says which these are and how many bytes they free.</summary>
/// <remarks>
/// <para>Without parameters these are the images without a name, which new builds leave behind. With -All, -Image or -Keep, images
/// with a name are removed, too. An image that a container uses always stays, even if the container does not run.</para>
/// <para>The size is what no other image has; what is shared with images that stay is not counted. The engine's build cache may keep a part of
/// it: Clear-LabBuildCache removes that. It asks once before anything is removed unless -Force or -Confirm:$false is given.</para>
/// <para>It writes one LabImageRemoval for each name that was removed; with -WhatIf it writes the same for what would be, and removes nothing.</para>
/// <para>-OlderThan and -Label alone also choose among the images without a name only; a warning says where those with a name would fit.</para>
/// <para>Errors, one for each image: ImageInUse when a container was started meanwhile.</para>
/// </remarks>
/// <example>
/// <para>Shows which images without a name would be removed.</para>
/// <code>Clear-LabImage -WhatIf</code>
/// </example>
/// <example>
/// <para>Shows what would be removed to keep the three newest images of each repository of the project.</para>
/// <code>Clear-LabImage -Image movies/* -Keep 3 -WhatIf</code>
/// </example>
/// <example>
/// <para>Shows all images older than four weeks with a label that no container uses.</para>
/// <code>Clear-LabImage -All -OlderThan 28d -Label stage=test -WhatIf</code>
/// </example>
[Cmdlet(VerbsCommon.Clear, "LabImage", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(LabImageRemoval))]
public sealed class ClearLabImageCommand : DockerCommand
{
    /// <summary>Only images with these names; wildcards are allowed.</summary>
    [Parameter(Position = 0)]
    [ImageNames]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string[]? Image { get; set; }

    /// <summary>Also removes images that have a name.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    /// <summary>Keeps so many images of each repository, the newest.</summary>
    [Parameter]
    [Alias("KeepLast")]
    [ValidateRange(1, int.MaxValue)]
    public int Keep { get; set; }

    /// <summary>Only images that were built longer ago: <c>7d</c>, <c>12h</c>, or a TimeSpan.</summary>
    [Parameter]
    [Seconds(UnitNeeded = true)]
    [NotNegative]
    public TimeSpan? OlderThan { get; set; }

    /// <summary>Only images with all of these labels: <c>name</c> or <c>name=value</c>.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DockerLabelCompleter))]
    public string[] Label { get; set; } = [];

    /// <summary>Does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        ImageStore store = new(Lab);
        Predicate<string>[]? patterns = Image is null ? null : Array.ConvertAll(Image, GetLabImageCommand.Matching);
        ImageClearing clearing = new()
        {
            Named = All || Keep > 0 || Image is not null,
            Matches = patterns is null ? null : name => Array.Exists(patterns, pattern => pattern(name)),
            Keep = Keep,
            OlderThan = OlderThan,
            Labels = Label,
        };
        IReadOnlyList<LabImageRemoval> victims = await store.FindUnusedAsync(clearing, cancellation);
        if (victims.Count == 0)
        {
            Reporter.Verbose("No image is to be removed.");
            if (!clearing.Named && (OlderThan is not null || Label.Length > 0)
                && await store.FindUnusedAsync(clearing with { Named = true }, cancellation) is { Count: > 0 } named)
            {
                // Who chooses by age or label means the images that have a name, most likely.
                Reporter.Warning($"Only images without a name were looked at, and none of them is to be removed. -All adds those with a name, here {SomeOf.Names(named)}.");
            }

            return;
        }

        string total = $"{victims.Count} {Counted.Noun(victims.Count, "image")}, {ProgressMeter.FormatBytes(victims.Sum(victim => victim.Size))}";
        bool preview = await AskAsync(IsWhatIf);
        if (!await ShouldProcessAsync(total, preview ? "Remove in all" : $"Remove {string.Join(", ", victims.Select(victim => victim.Image))}", Force))
        {
            await WriteManyAsync(preview ? victims : [], cancellation);
            return;
        }

        using ProgressMeter meter = new(Reporter, "Removing images");
        meter.Expect(victims.Count);
        await ForEachAsync(
            victims,
            async victim =>
            {
                await store.RemoveAsync(victim.Image, [], force: false, cancellation);
                meter.AddItems();
                await WriteAsync(victim, cancellation);
            },
            victim => victim.Image);
    }
}
