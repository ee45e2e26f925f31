using System.Management.Automation;

namespace CloudLab.Cmdlets.Storage.Drive;

/// <summary>What <c>Get-ChildItem</c> takes besides on a LabS3 drive.</summary>
internal sealed class ChildParameters
{
    /// <summary>Objects only.</summary>
    [Parameter]
    public SwitchParameter File { get; set; }

    /// <summary>Folders only: prefixes, or buckets.</summary>
    [Parameter]
    [Alias("ad")]
    public SwitchParameter Directory { get; set; }

    /// <summary>Whether an entry is wanted.</summary>
    /// <param name="isContainer">True for a folder.</param>
    /// <returns>True if it is.</returns>
    public bool Wants(bool isContainer) => isContainer ? !File || Directory : !Directory || File;
}
