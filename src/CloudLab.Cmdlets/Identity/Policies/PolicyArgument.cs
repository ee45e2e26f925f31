using System.Management.Automation;
using System.Text.Json.Nodes;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Identity.Attachments;
using CloudLab.Core.Identity.Catalogue;
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

    /// <summary>Reads several policies, each with a name by which decisions call it. On the pipeline thread.</summary>
    /// <param name="cmdlet">The cmdlet whose parameter it is.</param>
    /// <param name="parameter">The parameter's name.</param>
    /// <param name="values">What was given: policies in any form; lines of one JSON text count as one.</param>
    /// <param name="kind">What the policies are for.</param>
    /// <param name="what">What to call one that has no name of its own: <c>the policy</c>.</param>
    /// <returns>The documents. Throws <see cref="LabException"/> that stops the command.</returns>
    public static IReadOnlyList<NamedPolicy> ReadAll(PSCmdlet cmdlet, string parameter, IReadOnlyList<object?>? values, PolicyKind kind, string what)
    {
        if (values is null)
        {
            return [];
        }

        // What Get-Content writes of a file.
        if (values.Count > 1 && values.All(line => line is string or PSObject { BaseObject: string })
            && $"{values[0]}" is var first && (IsComment(first) || (IsText(first) && !first.TrimEnd().EndsWith('}'))))
        {
            values = [string.Join('\n', values)];
        }

        List<NamedPolicy> named = [];
        foreach (object? value in values)
        {
            object? plain = value is PSObject { BaseObject: not PSCustomObject } wrapper ? wrapper.BaseObject : value;
            if (plain is object[] several)
            {
                named.AddRange(ReadAll(cmdlet, parameter, several, kind, what));
            }
            else if (Read(cmdlet, parameter, value, kind) is { } document)
            {
                string name = NameOf(plain) ?? plain switch
                {
                    FileInfo file => $"{what} '{file.Name}'",
                    string text when !IsText(text) => $"{what} '{Path.GetFileName(text)}'",
                    _ when values.Count > 1 => $"{what} {named.Count + 1}",
                    _ => what,
                };
                named.Add(new NamedPolicy(name, document));
            }
        }

        return named;
    }

    /// <summary>What a policy that was read from a service is called.</summary>
    /// <param name="policy">Any object.</param>
    /// <returns>A name for people; null for what is not such a policy.</returns>
    public static string? NameOf(object? policy) => policy switch
    {
        LabPolicyAttachment attached => $"policy '{attached.PolicyName}' of {attached.PrincipalKind.ToString().ToLowerInvariant()} '{attached.Principal}'",
        LabPolicy managed => $"managed policy '{managed.Name}'",
        LabPolicyVersion version => $"managed policy '{version}'",
        LabBucketPolicy bucket => $"policy of bucket '{bucket.Bucket}'",
        _ => null,
    };

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

    /// <summary>Warns of services and actions that the catalogue does not have: they may be newer, or misspelt.</summary>
    /// <param name="reporter">Is warned.</param>
    /// <param name="policy">The policy, or null.</param>
    public static void WarnOfUnknown(IReporter reporter, PolicyDocument? policy)
    {
        IReadOnlyList<PolicyStatement> statements = policy?.Statement ?? [];
        foreach (string service in statements.SelectMany(statement => statement.Principal?.Service ?? []).Distinct().Where(service => !ServicePrincipals.IsKnown(service)))
        {
            reporter.Warning($"No service is known by the name of the principal '{service}'{ServicePrincipals.WhatWasMeant(service)}");
        }

        foreach (string action in statements.SelectMany(statement => statement.Action.Concat(statement.NotAction)).Distinct(StringComparer.OrdinalIgnoreCase)
            .Where(action => action.AsSpan().IndexOfAny('*', '?') < 0 && ActionCatalogue.HasService(action.Split(':')[0]) && ActionCatalogue.Find(action) is null))
        {
            reporter.Warning($"{action} is not in the catalogue of {ActionCatalogue.Date:yyyy-MM-dd}: it is newer, or has no effect. {ApiCalls.WhatWasMeant(action)}");
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

    /// <summary>Whether a text is meant as JSON, and not as the path of a file: also where it begins with comments, which the reader refuses with their place.</summary>
    /// <param name="text">What was given.</param>
    /// <returns>True for JSON.</returns>
    public static bool IsText(string text) => Begin(text) is ['{' or '[', ..] || (IsComment(text) && text.Contains('{', StringComparison.Ordinal));

    private static bool IsComment(string text) => Begin(text) is ['/', '/' or '*', ..] or ['#', ..];

    private static string Begin(string text) => text.TrimStart('\uFEFF', ' ', '\t', '\r', '\n');

    private static PolicyDocument FromText(PSCmdlet cmdlet, string text, PolicyKind kind) => IsText(text)
        ? PolicyDocument.Parse(text, kind)
        : FromFile(FilePath.Of(cmdlet, text), kind);

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
