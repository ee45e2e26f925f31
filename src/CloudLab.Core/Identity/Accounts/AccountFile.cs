using System.Text.Json;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Streams;

namespace CloudLab.Core.Identity.Accounts;

/// <summary>
/// Reads an account from what <c>aws iam get-account-authorization-details</c> writes: one file or several pages, gzipped or not, with documents
/// as objects or as text.
/// </summary>
public static class AccountFile
{
    private static readonly string[] Arrays = ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"];
    private static readonly string[] Beside = ["IsTruncated", "Marker", "ResponseMetadata"];

    /// <summary>Reads the files of one account.</summary>
    /// <param name="paths">Full paths.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>The account. Throws <see cref="LabException"/> (<c>SnapshotUnreadable</c>, <c>SnapshotInvalid</c>).</returns>
    public static async Task<AccountSnapshot> ReadAsync(IEnumerable<string> paths, CancellationToken cancellation = default)
    {
        AccountBuilder builder = new();
        foreach (string path in paths)
        {
            await ReadAsync(builder, path, cancellation);
        }

        return builder.Build();
    }

    private static async Task ReadAsync(AccountBuilder builder, string path, CancellationToken cancellation)
    {
        int found = 0;
        try
        {
            await using FileStream file = await InputFile.OpenAsync(path, cancellation);
            await foreach ((string array, ReadOnlyMemory<byte> json) in JsonItems.ReadAsync(file, Arrays, Beside, cancellation))
            {
                using JsonDocument item = JsonDocument.Parse(json);
                found += Add(builder, array, item.RootElement) ? 1 : 0;
            }
        }
        catch (JsonException e)
        {
            throw Invalid(path, $"line {e.LineNumber + 1}: this is not JSON", e);
        }
        catch (InvalidDataException e)
        {
            throw Invalid(path, e.Message.TrimEnd('.'), e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new LabException(LabErrorKind.ReadFailed, "SnapshotUnreadable", $"The account file {path} cannot be read: {e.Message}", e) { Target = path };
        }

        if (found == 0)
        {
            throw Invalid(path, "it has no users, groups, roles or policies");
        }
    }

    private static LabException Invalid(string path, string problem, Exception? inner = null) => new(
        LabErrorKind.InvalidData, "SnapshotInvalid", $"The account file {path} cannot be used: {problem}.", inner)
    {
        Target = path,
        Advice = "Give what 'aws iam get-account-authorization-details > account.json' writes.",
    };

    private static bool Add(AccountBuilder builder, string array, JsonElement item)
    {
        switch (array)
        {
            case "UserDetailList":
                builder.Add(Principal(item, AccountPrincipalKind.User, "User"));
                return true;
            case "GroupDetailList":
                builder.Add(Principal(item, AccountPrincipalKind.Group, "Group"));
                return true;
            case "RoleDetailList":
                builder.Add(Principal(item, AccountPrincipalKind.Role, "Role"));
                return true;
            case "Policies":
                string? arn = Text(item, "Arn"), current = Text(item, "DefaultVersionId");
                JsonElement version = Items(item, "PolicyVersionList")
                    .FirstOrDefault(each => current is null ? each.TryGetProperty("IsDefaultVersion", out JsonElement yes) && yes.ValueKind == JsonValueKind.True : Text(each, "VersionId") == current);
                if (arn is not null)
                {
                    builder.AddManaged(arn, version.ValueKind == JsonValueKind.Object ? Document(version, "Document") : null);
                }

                return arn is not null;
            default:
                return false;
        }
    }

    private static RawPrincipal Principal(JsonElement item, AccountPrincipalKind kind, string prefix) => new(kind, Text(item, prefix + "Name") ?? "", Text(item, "Arn") ?? "")
    {
        Inline = [.. Items(item, prefix + "PolicyList").Select(policy => (Text(policy, "PolicyName") ?? "", Document(policy, "PolicyDocument")))],
        Attached = [.. Items(item, "AttachedManagedPolicies").Select(policy => (Text(policy, "PolicyName") ?? "", Text(policy, "PolicyArn") ?? ""))],
        Groups = item.TryGetProperty("GroupList", out JsonElement groups) && groups.ValueKind == JsonValueKind.Array
            ? [.. groups.EnumerateArray().Where(group => group.ValueKind == JsonValueKind.String).Select(group => group.GetString()!)]
            : [],
        Boundary = item.TryGetProperty("PermissionsBoundary", out JsonElement boundary) && boundary.ValueKind == JsonValueKind.Object ? Text(boundary, "PermissionsBoundaryArn") : null,
        Trust = kind == AccountPrincipalKind.Role ? Document(item, "AssumeRolePolicyDocument") : null,
    };

    private static IEnumerable<JsonElement> Items(JsonElement item, string name) =>
        item.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    private static string? Text(JsonElement item, string name) =>
        item.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    // The CLI decodes documents into objects; other tools leave them as text.
    private static string? Document(JsonElement item, string name) => item.TryGetProperty(name, out JsonElement value)
        ? value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText()
        : null;
}
