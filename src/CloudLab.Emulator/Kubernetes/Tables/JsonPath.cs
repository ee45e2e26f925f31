using System.Text.Json.Nodes;

namespace CloudLab.Emulator.Kubernetes.Tables;

/// <summary>The simple JSON paths of printer columns: <c>.spec.replicas</c>, <c>.status.conditions[?(@.type=="Ready")].status</c>.</summary>
internal static class JsonPath
{
    public static JsonNode? Find(JsonNode? node, string path)
    {
        int at = 0;
        while (node is not null && at < path.Length)
        {
            if (path[at] == '.')
            {
                int end = at + 1;
                while (end < path.Length && (path[end] is not ('.' or '[') || path[end - 1] == '\\'))
                {
                    end++;
                }

                string name = path[(at + 1)..end].Replace("\\.", ".", StringComparison.Ordinal);
                node = name.Length == 0 ? node : node.At(name);
                at = end;
            }
            else if (path[at] == '[')
            {
                int end = path.IndexOf(']', at);
                node = end < 0 ? null : Pick(node, path[(at + 1)..end]);
                at = end < 0 ? path.Length : end + 1;
            }
            else
            {
                return null;
            }
        }

        return node;
    }

    private static JsonNode? Pick(JsonNode node, string what)
    {
        if (what.StartsWith('\''))
        {
            return node.At(what.Trim('\''));
        }

        if (node is not JsonArray list)
        {
            return null;
        }

        if (int.TryParse(what, out int index))
        {
            index = index < 0 ? list.Count + index : index;
            return index >= 0 && index < list.Count ? list[index] : null;
        }

        int equals = what.IndexOf("==", StringComparison.Ordinal);
        if (!what.StartsWith("?(@.", StringComparison.Ordinal) || equals < 0)
        {
            return list.FirstOrDefault();
        }

        string field = what[4..equals].Trim(), value = what[(equals + 2)..].TrimEnd(')').Trim().Trim('"', '\'');
        return list.FirstOrDefault(item => item.At(field) is { } found && (found.Text() ?? Json.Line(found)) == value);
    }
}
