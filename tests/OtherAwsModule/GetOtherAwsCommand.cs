using System.Management.Automation;
using Amazon.Runtime;

namespace OtherAwsModule;

/// <summary>Uses AWSSDK.Core 3.7 and says which version it got.</summary>
[Cmdlet(VerbsCommon.Get, "OtherAws")]
[OutputType(typeof(string))]
public sealed class GetOtherAwsCommand : PSCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        // GetCredentials() of 3.7; in 4.0 the class and its base have changed places.
        string accessKey = new BasicAWSCredentials("AKIDOTHER", "secret").GetCredentials().AccessKey;
        WriteObject($"{accessKey} {typeof(BasicAWSCredentials).Assembly.GetName().Version}");
    }
}
