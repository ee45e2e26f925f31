using System.Management.Automation;
using Microsoft.PowerShell.Commands;

namespace CloudLab.Host.Engine;

/// <summary>The end of a pipeline into a pipe or a file: each object is out before the cmdlet goes on.</summary>
[Cmdlet(VerbsCommunications.Write, "Object")]
public sealed class WriteObjectCommand : Cmdlet
{
    /// <summary>The name by which it is added.</summary>
    internal const string Name = "Write-Object";

    /// <summary>An object.</summary>
    [Parameter(ValueFromPipeline = true)]
    [AllowNull]
    public PSObject? InputObject { get; set; }

    /// <summary>Writes an object.</summary>
    [Parameter(Mandatory = true)]
    public Action<object?> Writer { get; set; } = null!;

    /// <inheritdoc/>
    protected override void ProcessRecord() => Writer(InputObject);
}

/// <summary>
/// The end of a pipeline on a terminal: the engine's own formatter, which says when it is at work, since the engine writes
/// the lines of <c>-WhatIf</c> through the same door.
/// </summary>
[Cmdlet(VerbsData.Out, "Terminal")]
public sealed class OutTerminalCommand : OutDefaultCommand
{
    /// <summary>The name by which it is added.</summary>
    internal const string Name = "Out-Terminal";

    /// <summary>Runs a step of the formatter.</summary>
    [Parameter(Mandatory = true)]
    public Action<Action> Formatter { get; set; } = null!;

    /// <inheritdoc/>
    protected override void ProcessRecord() => Formatter(base.ProcessRecord);

    /// <inheritdoc/>
    protected override void EndProcessing() => Formatter(base.EndProcessing);
}
