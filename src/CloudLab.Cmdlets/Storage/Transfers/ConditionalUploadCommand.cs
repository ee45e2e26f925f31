using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Cmdlets.Storage.Transfers;

/// <summary>Base of the cmdlets that write objects on a condition.</summary>
public abstract class ConditionalUploadCommand : UploadCommand
{
    /// <summary>Keeps an object that exists: it is an error then. The service decides, so that two writers cannot both win.</summary>
    [Parameter]
    [Alias("IfNoneMatch")]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Replaces only an object with this ETag: it is an error (PreconditionFailed) if somebody has written it anew.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? IfMatch { get; set; }

    /// <inheritdoc/>
    protected override UploadOptions UploadOptions() => (base.UploadOptions() with { NoClobber = NoClobber, IfMatch = IfMatch }).Validate();
}
