using System.Globalization;
using System.Xml.Linq;

namespace CloudLab.Host.Output;

/// <summary>The tables and lists of the module's format file, as far as they need no PowerShell.</summary>
internal sealed class FormatFile
{
    private readonly Dictionary<string, ObjectView> views = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads a file.</summary>
    /// <param name="path">Its path; without the file there are no views.</param>
    public FormatFile(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        foreach (XElement view in XDocument.Load(path).Descendants("View"))
        {
            ObjectView? read = view.Element("TableControl") is { } table ? Table(table)
                : view.Element("ListControl") is { } list ? List(list)
                : null;
            foreach (XElement type in view.Elements("ViewSelectedBy").Elements("TypeName"))
            {
                // The first view of a type is its default.
                if (read is not null)
                {
                    views.TryAdd(type.Value.Trim(), read);
                }
            }
        }
    }

    /// <summary>Every type that has a view, and the view.</summary>
    public IReadOnlyDictionary<string, ObjectView> Views => views;

    /// <summary>The view of a type or of the nearest type that it derives from.</summary>
    /// <param name="type">The type.</param>
    /// <returns>The view, or null.</returns>
    public ObjectView? Find(Type type)
    {
        for (Type? level = type; level is not null; level = level.BaseType)
        {
            if (level.FullName is { } name && views.TryGetValue(name, out ObjectView? view))
            {
                return view;
            }
        }

        return null;
    }

    private static ObjectView Table(XElement control)
    {
        XElement[] headers = [.. control.Elements("TableHeaders").Elements("TableColumnHeader")];
        XElement? row = control.Element("TableRowEntries")?.Elements("TableRowEntry").FirstOrDefault();
        XElement[] items = [.. row?.Elements("TableColumnItems").Elements("TableColumnItem") ?? []];
        return new ObjectView
        {
            Wrap = row?.Element("Wrap") is not null,
            HideHeaders = control.Element("HideTableHeaders") is not null,
            Columns = [.. items.Select((item, i) =>
            {
                XElement? header = i < headers.Length ? headers[i] : null;
                ViewExpression value = Expression(item);
                return new ViewColumn(
                    header?.Element("Label")?.Value ?? value.Text,
                    int.TryParse(header?.Element("Width")?.Value, CultureInfo.InvariantCulture, out int width) ? width : null,
                    (item.Element("Alignment") ?? header?.Element("Alignment"))?.Value.Equals("Right", StringComparison.OrdinalIgnoreCase) == true,
                    value);
            })],
        };
    }

    private static ObjectView List(XElement control) => new()
    {
        IsList = true,
        Columns = [.. (control.Element("ListEntries")?.Elements("ListEntry").FirstOrDefault()?.Elements("ListItems").Elements("ListItem") ?? [])
            .Select(item =>
            {
                ViewExpression value = Expression(item);
                return new ViewColumn(item.Element("Label")?.Value ?? value.Text, null, false, value);
            })],
    };

    private static ViewExpression Expression(XElement item) => new(
        item.Element("PropertyName")?.Value ?? item.Element("ScriptBlock")?.Value ?? "",
        item.Element("ScriptBlock") is not null,
        item.Element("FormatString")?.Value);
}
