using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Resources;

namespace CloudLab.Emulator.Kubernetes.Apply;

/// <summary>The answer to an apply that wants fields others own, worded as API servers word it.</summary>
internal static class ApplyConflict
{
    public static ApiError Error(List<(ManagerId Id, FieldSet Fields)> conflicts)
    {
        JsonArray causes = [];
        StringBuilder text = new();
        int count = 0;
        foreach ((ManagerId id, FieldSet fields) in conflicts.OrderBy(conflict => conflict.Id.Manager, StringComparer.Ordinal))
        {
            string owner = Describe(id);
            List<string> paths = [.. fields.Paths()];
            count += paths.Count;
            foreach (string path in paths)
            {
                causes.Add(new JsonObject { ["reason"] = "FieldManagerConflict", ["message"] = "conflict with " + owner, ["field"] = path });
            }

            text.Append(text.Length == 0 ? "" : "\n").Append(paths.Count == 1 ? "conflict with " : "conflicts with ").Append(owner).Append(':');
            if (paths.Count == 1)
            {
                text.Append(' ').Append(paths[0]);
            }
            else
            {
                foreach (string path in paths)
                {
                    text.Append("\n- ").Append(path);
                }
            }
        }

        string head = count == 1 ? "Apply failed with 1 conflict: " : $"Apply failed with {count} conflicts: ";
        return new ApiError(409, "Conflict", head + text) { Details = new JsonObject { ["causes"] = causes } };
    }

    /// <summary>A configuration that does not fit its schema.</summary>
    public static ApiError Untyped(ResourceKind kind, JsonObject applied, string what)
    {
        string about = $"{applied.Text("metadata", "namespace")}/{applied.Text("metadata", "name")}; {kind.Group}/{kind.Version}, Kind={kind.Kind}";
        return new ApiError(500, "", $"failed to create typed patch object ({about}): {what}");
    }

    private static string Describe(ManagerId id)
    {
        StringBuilder text = new($"\"{id.Manager}\"");
        if (id.Subresource.Length > 0)
        {
            text.Append(" with subresource \"").Append(id.Subresource).Append('"');
        }

        if (!id.IsApply)
        {
            text.Append(" using ").Append(id.ApiVersion);
        }

        return text.ToString();
    }
}
