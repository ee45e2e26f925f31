using System.Management.Automation;
using System.Reflection;

namespace CloudLab.Host.Output;

/// <summary>
/// Shows objects as PowerShell does: those of a type that has a view by it, others as a table of up to four
/// properties, else as a list. The first rows are held back for a moment to see how wide they are.
/// </summary>
internal sealed class TableWriter : IObjectWriter, IDisposable
{
    private const int RowsToMeasure = 60;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);

    private readonly TextWriter output;
    private readonly FormatFile formats;
    private readonly int width;
    private readonly bool emphasis;
    private readonly Lock gate = new();
    private readonly Timer timer;
    private readonly List<object> held = [];
    private Type? type;
    private ObjectView? view;
    private int[]? widths;
    private bool began;

    /// <summary>A writer.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="formats">The views.</param>
    /// <param name="width">Characters in a line.</param>
    /// <param name="emphasis">Whether headers may be shown bold.</param>
    public TableWriter(TextWriter output, FormatFile formats, int width, bool emphasis)
    {
        (this.output, this.formats, this.width, this.emphasis) = (output, formats, Math.Max(40, width), emphasis);
        timer = new Timer(_ => Flush());
    }

    /// <inheritdoc/>
    public void Write(object? value)
    {
        lock (gate)
        {
            if (value is null)
            {
                return;
            }

            object shown = value is PSObject { BaseObject: not PSCustomObject } wrapper ? wrapper.BaseObject : value;
            if (shown is string || (shown is IFormattable && shown.GetType().IsValueType))
            {
                LayOut();
                (type, view, widths) = (null, null, null);
                output.WriteLine(ViewExpression.Format(shown));
                output.Flush();
                return;
            }

            if (shown.GetType() != type || shown is PSObject)
            {
                LayOut();
                type = shown.GetType();
                view = formats.Find(type) ?? Default(shown);
                widths = null;
            }

            if (view!.IsList)
            {
                List(shown);
            }
            else if (widths is not null)
            {
                Row(shown);
                output.Flush();
            }
            else
            {
                held.Add(shown);
                if (held.Count >= RowsToMeasure)
                {
                    LayOut();
                }
                else if (held.Count == 1)
                {
                    timer.Change(Patience, Timeout.InfiniteTimeSpan);
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Flush()
    {
        lock (gate)
        {
            LayOut();
            output.Flush();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => timer.Dispose();

    private static ObjectView Default(object value)
    {
        string[] names = value is PSObject custom
            ? [.. custom.Properties.Select(p => p.Name)]
            : [.. value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(p => p.GetMethod is { IsPublic: true } && p.GetIndexParameters().Length == 0).Select(p => p.Name)];
        return new ObjectView
        {
            IsList = names.Length > 4,
            Columns = [.. names.Select(n => new ViewColumn(n, null, false, new ViewExpression(n, false, null)))],
        };
    }

    private void LayOut()
    {
        if (held.Count == 0)
        {
            return;
        }

        string[][] cells = [.. held.Select(Cells)];
        held.Clear();
        widths = Measure(cells);
        if (began)
        {
            output.WriteLine();
        }

        began = true;
        if (!view!.HideHeaders)
        {
            Line([.. view.Columns.Select(c => c.Label)], emphasis);
            Line([.. view.Columns.Select(c => new string('-', c.Label.Length))], emphasis);
        }

        foreach (string[] row in cells)
        {
            Line(row, false);
        }

        output.Flush();
    }

    private string[] Cells(object value) => [.. view!.Columns.Select(c => c.Value.Show(value))];

    private int[] Measure(string[][] cells)
    {
        IReadOnlyList<ViewColumn> columns = view!.Columns;
        int[] found = [.. columns.Select((c, i) => c.Width ?? Math.Max(c.Label.Length, cells.Max(r => LongestLine(r[i]))))];

        // Columns with a width of their own keep it; of the others the widest gives way first.
        while (found.Sum() + found.Length - 1 > width)
        {
            int widest = -1;
            for (int i = 0; i < found.Length; i++)
            {
                if (columns[i].Width is null && found[i] > 8 && (widest < 0 || found[i] > found[widest]))
                {
                    widest = i;
                }
            }

            if (widest < 0)
            {
                break;
            }

            found[widest]--;
        }

        return found;
    }

    private static int LongestLine(string text) => text.Split('\n').Max(line => line.Length);

    private void Row(object value) => Line(Cells(value), false);

    private void Line(string[] cells, bool bold)
    {
        string[][] lines = [.. cells.Select((cell, i) => Divide(cell, widths![i]))];
        for (int line = 0; line < lines.Max(l => l.Length); line++)
        {
            string[] parts = new string[cells.Length];
            for (int i = 0; i < cells.Length; i++)
            {
                string part = line < lines[i].Length ? lines[i][line] : "";
                parts[i] = view!.Columns[i].RightAligned ? part.PadLeft(widths![i]) : part.PadRight(widths![i]);
            }

            string text = string.Join(' ', parts).TrimEnd();
            output.WriteLine(bold ? $"\x1b[1m{text}\x1b[0m" : text);
        }
    }

    private string[] Divide(string cell, int room)
    {
        if (!view!.Wrap)
        {
            cell = cell.ReplaceLineEndings(" ");
            return [cell.Length <= room ? cell : room > 1 ? cell[..(room - 1)] + "…" : cell[..room]];
        }

        List<string> lines = [];
        foreach (string line in cell.ReplaceLineEndings("\n").Split('\n'))
        {
            string rest = line;
            while (rest.Length > room)
            {
                int space = rest.LastIndexOf(' ', room);
                int end = space > 0 ? space : room;
                lines.Add(rest[..end]);
                rest = rest[end..].TrimStart(' ');
            }

            lines.Add(rest);
        }

        return [.. lines];
    }

    private void List(object value)
    {
        if (began)
        {
            output.WriteLine();
        }

        began = true;
        int label = view!.Columns.Max(c => c.Label.Length);
        string indent = new(' ', label + 3);
        foreach (ViewColumn column in view.Columns)
        {
            output.WriteLine(column.Label.PadRight(label) + " : "
                + column.Value.Show(value).ReplaceLineEndings("\n").Replace("\n", "\n" + indent, StringComparison.Ordinal));
        }

        output.Flush();
    }
}
