using System.Collections;
using System.Management.Automation;

namespace CloudLab.Tests.Host;

/// <summary>Two sets, positions, aliases, validation, input by value and by name: what the binder has to sort out.</summary>
[Cmdlet(VerbsNames.Get, "Sample", DefaultParameterSetName = "Name", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
public sealed class GetSampleCommand : PSCmdlet
{
    [Parameter(Position = 0, ParameterSetName = "Name", ValueFromPipelineByPropertyName = true)]
    [Alias("Key", "k")]
    public string[]? Name { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "Id", ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, 9)]
    public int Id { get; set; }

    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public string Bucket { get; set; } = "";

    [Parameter(ValueFromPipeline = true)]
    public long? Size { get; set; }

    [Parameter]
    public SwitchParameter Recurse { get; set; }

    [Parameter]
    public DayOfWeek Day { get; set; }

    [Parameter]
    public Hashtable? Tag { get; set; }

    [Parameter]
    [ValidateSet("fast", "slow")]
    public string Mode { get; set; } = "fast";

    [Parameter]
    public TimeSpan Timeout { get; set; }

    [Parameter]
    public PSCredential? Credential { get; set; }

    protected override void ProcessRecord()
    {
        if (Mode == "slow" && !ShouldProcess("bucket " + Bucket, "Look at"))
        {
            return;
        }

        WriteObject(new
        {
            Set = ParameterSetName, Name, Id, Bucket, Size, Recurse = (bool)Recurse, Day, Tag, Mode, Timeout, User = Credential?.UserName,
            Bound = string.Join(',', MyInvocation.BoundParameters.Keys.Order(StringComparer.Ordinal)),
        });
    }
}

/// <summary>Every way that a cmdlet can go wrong.</summary>
[Cmdlet(VerbsNames.Test, "Failure")]
public sealed class TestFailureCommand : PSCmdlet
{
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    public string How { get; set; } = "";

    protected override void ProcessRecord()
    {
        switch (How)
        {
            case "item":
                WriteError(new ErrorRecord(new InvalidOperationException("This one is bad."), "BadItem", ErrorCategory.InvalidData, How));
                break;
            case "terminate":
                ThrowTerminatingError(new ErrorRecord(new InvalidOperationException("The end."), "TheEnd", ErrorCategory.InvalidData, How));
                break;
            case "throw":
                throw new FormatException("Unforeseen.");
            default:
                WriteObject(How);
                break;
        }
    }
}

internal static class VerbsNames
{
    public const string Get = "Get", Test = "Test";
}
