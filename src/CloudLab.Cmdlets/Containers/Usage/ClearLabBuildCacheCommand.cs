using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Usage;

namespace CloudLab.Cmdlets.Containers.Usage;

/// <summary>Removes what the build cache of a Docker Engine has that no build is using; -WhatIf says how much that is.</summary>
/// <remarks>
/// <para>The next build runs the steps again whose results are removed. Without -All, what images have in common with the cache stays,
/// and so do the parts that belong to BuildKit itself. The cache of a builder made with New-LabBuilder is removed with the builder.</para>
/// <para>It asks unless -Force or -Confirm:$false is given. With -KeepStorage the figures of -WhatIf are an upper limit.</para>
/// <para>Errors: NoDockerEngine and DockerEngineSilent, which end the command.</para>
/// </remarks>
/// <example>
/// <para>Shows how much the build cache could free.</para>
/// <code>Clear-LabBuildCache -All -WhatIf</code>
/// </example>
/// <example>
/// <para>Removes what was not used for 30 days.</para>
/// <code>Clear-LabBuildCache -OlderThan 30d -Force</code>
/// </example>
/// <seealso cref="MeasureLabDockerCommand"/>
/// <seealso cref="Builds.BuildLabImageCommand"/>
/// <seealso cref="Images.ClearLabImageCommand"/>
[Cmdlet(VerbsCommon.Clear, "LabBuildCache", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(LabBuildCacheRemoval))]
public sealed class ClearLabBuildCacheCommand : DockerCommand
{
    /// <summary>Also removes what images have in common with the cache, and the parts that belong to BuildKit itself.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    /// <summary>Only what was not used for this long: <c>7d</c>, <c>12h</c>, or a TimeSpan.</summary>
    [Parameter]
    [Seconds(UnitNeeded = true)]
    [NotNegative]
    public TimeSpan? OlderThan { get; set; }

    /// <summary>Bytes that may stay, those used last: <c>5GB</c>.</summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long? KeepStorage { get; set; }

    /// <summary>Does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        DockerUsage usage = new(Lab, Reporter);
        LabBuildCacheRemoval found = await usage.FindCacheAsync(All, OlderThan, cancellation);
        string what = $"{(KeepStorage is null ? "" : "at most ")}{found.Count} records of the build cache, {ProgressMeter.FormatBytes(found.Size)}";
        if (await ShouldProcessAsync(what, "Remove", Force))
        {
            await WriteAsync(await usage.ClearCacheAsync(All, OlderThan, KeepStorage, cancellation), cancellation);
        }
    }
}
