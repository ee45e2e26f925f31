using System.Text;
using CloudLab.Core.Identity.Catalogue;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Review;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Core.Identity.Trails;

/// <summary>Finds the ARNs that a call was about: in the record's list of resources, in its parameters, or made of these by the catalogue's templates.</summary>
internal static class ResourceFinder
{
    /// <summary>Finds the resources of one action.</summary>
    /// <param name="action">The action.</param>
    /// <param name="record">The record.</param>
    /// <returns>ARNs as a policy has them; <c>*</c> for an action without resource types, and where nothing is known.</returns>
    public static IReadOnlyList<string> Find(LabAction action, TrailEvent record)
    {
        if (action.Resource.Count == 0)
        {
            return ["*"];
        }

        if (CopySource(action, record) is { } source)
        {
            return [$"arn:{Partition(record)}:s3:::{Literal(Uri.UnescapeDataString(source.Split('?')[0]).TrimStart('/'))}"];
        }

        List<string> found = [];
        foreach (LabActionResource type in action.Resource)
        {
            if (Listed(type, record) is { Count: > 0 } listed)
            {
                found.AddRange(listed);
            }
            else if (Made(type, record) is { } made)
            {
                found.Add(made);
            }
        }

        return found.Count > 0 ? [.. found.Distinct(StringComparer.Ordinal)] : ["*"];
    }

    /// <summary>The object that a call copies from: it has a parameter of its own, and only what reads is about it.</summary>
    /// <param name="action">The action that is needed.</param>
    /// <param name="record">The record.</param>
    /// <returns>Bucket, key and perhaps <c>?versionId=</c>, as in a URL; null where the action is not about a source.</returns>
    public static string? CopySource(LabAction action, TrailEvent record) =>
        action.AccessLevel == AccessLevel.Read && record.Name is "CopyObject" or "UploadPartCopy" ? record.Parameter("x-amz-copy-source") : null;

    /// <summary>ARNs of roles that a call gives to a service.</summary>
    /// <param name="record">The record.</param>
    /// <returns>ARNs.</returns>
    public static IEnumerable<string> PassedRoles(TrailEvent record) => record.Parameters
        .Where(parameter => parameter.Value.StartsWith("arn:", StringComparison.Ordinal) && parameter.Value.Contains(":role/", StringComparison.Ordinal))
        .Select(parameter => Literal(parameter.Value)).Distinct(StringComparer.Ordinal);

    /// <summary>A text as a policy writes it where it means itself.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The same with its wildcards escaped.</returns>
    public static string Literal(string text) => text.AsSpan().ContainsAny('*', '?', '$')
        ? text.Replace("$", "${$}", StringComparison.Ordinal).Replace("*", "${*}", StringComparison.Ordinal).Replace("?", "${?}", StringComparison.Ordinal)
        : text;

    private static List<string> Listed(LabActionResource type, TrailEvent record)
    {
        List<string> found = [];
        foreach (string arn in record.Resources.Concat(record.Parameters.Select(parameter => parameter.Value).Where(value => value.StartsWith("arn:", StringComparison.Ordinal))))
        {
            Take(arn);
        }

        if (found.Count == 0)
        {
            foreach (string arn in record.Answered)
            {
                Take(arn);
            }
        }

        return found;

        void Take(string arn)
        {
            if (found.Count < 16 && ResourceMatch.IsOfType(type.Arn, arn) && IsSpecific(type.Arn, arn) && !found.Contains(Literal(arn)))
            {
                found.Add(Literal(arn));
            }
        }
    }

    // A bucket's ARN is not that of an object, though a pattern of objects can match the empty name.
    private static bool IsSpecific(string template, string arn) =>
        !template.EndsWith("/${ObjectName}", StringComparison.Ordinal) || arn.Split(':', 6) is [.., var name] && name.Contains('/', StringComparison.Ordinal);

    private static string? Made(LabActionResource type, TrailEvent record)
    {
        StringBuilder arn = new();
        bool any = false, first = true;
        for (int i = 0; i < type.Arn.Length; i++)
        {
            int end;
            if (type.Arn[i] != '$' || (end = type.Arn.IndexOf('}', i)) < 0)
            {
                arn.Append(type.Arn[i]);
                continue;
            }

            string variable = type.Arn[(i + 2)..end];
            i = end;
            switch (variable)
            {
                case "Partition":
                    arn.Append(Partition(record));
                    break;
                case "Region":
                    arn.Append(record.Region.Length > 0 ? record.Region : "*");
                    break;
                case "Account":
                    arn.Append(record.Recipient ?? record.Account ?? "*");
                    break;
                default:
                    if (variable == "ObjectName" && record.Parameter(AwsCallLog.KeyFolder) is { } folder)
                    {
                        any = true;
                        arn.Append(Literal(folder)).Append('*');
                    }
                    else if (Named(variable, record) is { } value)
                    {
                        any = true;
                        arn.Append(Literal(value));

                        // Six random characters follow the name that a person gives.
                        arn.Append(variable == "SecretId" ? "-??????" : "");
                    }
                    else if (first && !type.Required)
                    {
                        return null;
                    }
                    else
                    {
                        arn.Append('*');
                    }

                    first = false;
                    break;
            }
        }

        return any || first || type.Required ? arn.ToString() : null;
    }

    private static string? Named(string variable, TrailEvent record)
    {
        string name = variable.Replace("WithPath", "", StringComparison.Ordinal);
        string? value = name == "ObjectName" ? record.Parameter("key")
            : record.Parameter(name) ?? record.Parameter(name.EndsWith("Name", StringComparison.Ordinal) ? name[..^4] : name + "Name")
            ?? record.Parameter(name.EndsWith("Id", StringComparison.Ordinal) ? name[..^2] : name + "Id")
            ?? (name == "BucketName" ? record.Parameter("bucket") : null);
        if (value is null && name == "QueueName" && record.Parameter("queueUrl") is { } url)
        {
            value = url[(url.LastIndexOf('/') + 1)..];
        }

        return value is { Length: > 0 } && !value.StartsWith("arn:", StringComparison.Ordinal) ? value : null;
    }

    private static string Partition(TrailEvent record) => record.IdentityArn.Split(':', 3) is ["arn", { Length: > 0 } partition, _] ? partition : "aws";
}
