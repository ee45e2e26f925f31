using System.Management.Automation;

namespace CloudLab.Host.Engine;

/// <summary>The head of the pipeline: hands the objects of standard input to the cmdlet, each when the one before is done.</summary>
[Cmdlet(VerbsCommunications.Read, "Input")]
public sealed class ReadInputCommand : System.Management.Automation.Cmdlet
{
    /// <summary>The name by which it is added.</summary>
    internal const string Name = "Read-Input";

    /// <summary>The objects.</summary>
    [Parameter(Mandatory = true)]
    public IEnumerator<object?> Objects { get; set; } = null!;

    /// <summary>Name of the cmdlet that takes them.</summary>
    [Parameter(Mandatory = true)]
    public string Cmdlet { get; set; } = "";

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        try
        {
            while (Objects.MoveNext())
            {
                WriteObject(Objects.Current);
            }
        }
        catch (FormatException e)
        {
            ThrowTerminatingError(new ErrorRecord(e, "InputNotJson", ErrorCategory.InvalidData, null)
            {
                ErrorDetails = Cmdlet != "Send-LabObject" ? null : new ErrorDetails(e.Message)
                {
                    RecommendedAction = "To store text or bytes as an object: ... | cloudlab Set-LabObjectContent BUCKET KEY",
                },
            });
        }
        catch (IOException e)
        {
            ThrowTerminatingError(new ErrorRecord(e, "InputNotReadable", ErrorCategory.ReadError, null));
        }
        catch (OperationCanceledException e)
        {
            throw new PipelineStoppedException("Stopped while waiting for input.", e);
        }
    }
}
