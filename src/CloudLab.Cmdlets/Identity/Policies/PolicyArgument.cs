using System.Management.Automation;
using System.Text.Json.Nodes;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Identity.Attachments;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Cmdlets.Identity.Policies;

/// <summary>
/// Takes a policy in whatever form it is given: a policy document, a hashtable, an object from ConvertFrom-Json, JSON
/// text, or the path of a file.
/// </summary>
internal static class PolicyArgument
{
    /// <summary>Reads a policy. On the pipeline thread: a path is relative to the current location.</summary>
    /// <param name="cmdlet">The cmdlet whose parameter it is.</param>
    /// <param name="parameter">The parameter's name, for messages.</param>
    /// <param name="value">What was given; null for nothing.</param>
    /// <param name="kind">What the policy is for.</param>
    /// <returns>The document, or null where nothing was given. Throws <see cref="LabException"/> that stops the command.</returns>
    public static PolicyDocument? Read(PSCmdlet cmdlet, string parameter, object? value, PolicyKind kind)
    {
        object? plain = value is PSObject { BaseObject: not PSCustomObject } wrapper ? wrapper.BaseObject : value;
        try
        {
            return plain switch
            {
                null => null,
                PolicyDocument document => document.Validated(kind),
                LabPolicyAttachment { Document: { } document } => document.Validated(kind),
                LabPolicy { Document: { } document } => document.Validated(kind),
                LabPolicyVersion { Document: { } document } => document.Validated(kind),
                LabBucketPolicy { Document: { } document } => document.Validated(kind),
                string text => FromText(cmdlet, text, kind),
                FileInfo file => FromFile(file.FullName, kind),
                IEnumerable<object> lines when lines.All(line => line is string or PSObject { BaseObject: string }) => FromText(cmdlet, string.Join('\n', lines), kind),
                _ => PolicyDocument.Parse(ToJson(plain)?.ToJsonString() ?? "null", kind),
            };
        }
        catch (LabException e) when (e.Code == "MalformedPolicyDocument")
        {
            throw new LabException(LabErrorKind.InvalidArgument, e.Code, $"-{parameter}: {e.Message}", e);
        }
    }

    /// <summary>Makes an object of a bucket's policy.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="policy">JSON as the service has it.</param>
    /// <param name="reporter">Is warned of a policy that is not understood, which is shown as text only.</param>
    /// <returns>The policy.</returns>
    public static LabBucketPolicy ToBucketPolicy(string bucket, string policy, IReporter reporter)
    {
        try
        {
            return new LabBucketPolicy(bucket, policy, PolicyDocument.Parse(policy));
        }
        catch (LabException e)
        {
            reporter.Warning($"The policy of bucket '{bucket}' cannot be parsed and is shown only as text: {e.Message}");
            return new LabBucketPolicy(bucket, policy, null);
        }
    }

    /// <summary>Makes JSON of PowerShell's own objects.</summary>
    /// <param name="value">A hashtable, a custom object, a list, or a plain value.</param>
    /// <returns>The same as JSON. Throws <see cref="LabException"/> (<c>MalformedPolicyDocument</c>) where it cannot be.</returns>
    public static JsonNode? ToJson(object? value)
    {
        try
        {
            return ObjectJson.Of(PlainObject.Of(value));
        }
        catch (LabException e) when (e.Code == "ValueInvalid")
        {
            throw new LabException(LabErrorKind.InvalidArgument, "MalformedPolicyDocument", e.Message, e);
        }
    }

    private static PolicyDocument FromText(PSCmdlet cmdlet, string text, PolicyKind kind) => (text = text.TrimStart('\uFEFF')).TrimStart() is ['{' or '[', ..]
        ? PolicyDocument.Parse(text, kind)
        : FromFile(cmdlet.GetUnresolvedProviderPathFromPSPath(text), kind);

    private static PolicyDocument FromFile(string path, PolicyKind kind)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "PolicyFileUnreadable",
                $"The policy file {path} cannot be read: {e.Message} Give a file, JSON text, a hashtable or New-LabPolicyDocument's object.", e);
        }

        try
        {
            return PolicyDocument.Parse(text, kind);
        }
        catch (LabException e)
        {
            throw new LabException(e.Kind, e.Code, $"{path}: {e.Message}", e);
        }
    }
}
