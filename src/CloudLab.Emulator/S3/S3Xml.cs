using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace CloudLab.Emulator.S3;

/// <summary>Writes S3's documents. Its own, since keys may hold control characters, which XmlWriter refuses and S3 writes.</summary>
internal sealed class S3Xml
{
    /// <summary>The namespace of every S3 document but errors.</summary>
    public const string Namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

    private readonly StringBuilder text = new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", 512);
    private readonly Stack<string> open = new();

    /// <summary>Begins a document.</summary>
    /// <param name="root">Name of the root element.</param>
    /// <param name="inNamespace">False for errors.</param>
    public S3Xml(string root, bool inNamespace = true)
    {
        text.Append('<').Append(root);
        if (inNamespace)
        {
            text.Append(" xmlns=\"").Append(Namespace).Append('"');
        }

        text.Append('>');
        open.Push(root);
    }

    /// <summary>S3's form of a time.</summary>
    /// <param name="time">The time.</param>
    /// <returns><c>2026-11-21T03:00:00.000Z</c>.</returns>
    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Reads a document that a client sent.</summary>
    /// <param name="body">The document.</param>
    /// <param name="root">Name that the root must have.</param>
    /// <returns>The root. Throws MalformedXML otherwise.</returns>
    public static XElement Parse(byte[] body, string root) =>
        Parse(body) is var element && element.Name.LocalName == root ? element : throw S3Exception.MalformedXml();

    /// <summary>Reads a document.</summary>
    /// <param name="body">The document.</param>
    /// <returns>The root. Throws MalformedXML where it is no XML.</returns>
    public static XElement Parse(byte[] body)
    {
        try
        {
            XmlReaderSettings settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, CheckCharacters = false };
            using XmlReader reader = XmlReader.Create(new MemoryStream(body), settings);
            return XDocument.Load(reader, LoadOptions.PreserveWhitespace).Root!;
        }
        catch (XmlException)
        {
            throw S3Exception.MalformedXml();
        }
    }

    /// <summary>Writes a client's document as S3 gives it back: in its namespace, whatever the client's was.</summary>
    /// <param name="root">The document.</param>
    /// <returns>Its text.</returns>
    public static string ToText(XElement root)
    {
        XNamespace space = Namespace;
        foreach (XElement element in root.DescendantsAndSelf())
        {
            element.Name = space + element.Name.LocalName;
            element.Attributes().Where(attribute => attribute.IsNamespaceDeclaration && attribute.Name.LocalName == "xmlns").Remove();
        }

        StringBuilder text = new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        using (XmlWriter writer = XmlWriter.Create(text, new XmlWriterSettings { OmitXmlDeclaration = true, CheckCharacters = false }))
        {
            root.Save(writer);
        }

        return text.ToString();
    }

    /// <summary>Child elements by name, in whatever namespace.</summary>
    /// <param name="parent">The parent.</param>
    /// <param name="name">Local name.</param>
    /// <returns>The children.</returns>
    public static IEnumerable<XElement> Children(XElement parent, string name) =>
        parent.Elements().Where(element => element.Name.LocalName == name);

    /// <summary>Text of a child element.</summary>
    /// <param name="parent">The parent.</param>
    /// <param name="name">Local name.</param>
    /// <returns>The text, or null where there is no such child.</returns>
    public static string? Text(XElement parent, string name) => Children(parent, name).FirstOrDefault()?.Value;

    /// <summary>Writes an element with text; none where the text is null.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its text.</param>
    /// <returns>This.</returns>
    public S3Xml Add(string name, string? value)
    {
        if (value is not null)
        {
            text.Append('<').Append(name).Append('>');
            Escape(value);
            text.Append("</").Append(name).Append('>');
        }

        return this;
    }

    /// <summary>Writes text into the element that is open.</summary>
    /// <param name="value">The text.</param>
    /// <returns>This.</returns>
    public S3Xml AddText(string value)
    {
        Escape(value);
        return this;
    }

    /// <summary>Writes an element with a number.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">The number.</param>
    /// <returns>This.</returns>
    public S3Xml Add(string name, long value) => Add(name, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>Writes an element with true or false.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">The value.</param>
    /// <returns>This.</returns>
    public S3Xml Add(string name, bool value) => Add(name, value ? "true" : "false");

    /// <summary>Writes an owner or initiator.</summary>
    /// <param name="name">Name of the element.</param>
    /// <param name="id">Canonical user id.</param>
    /// <returns>This.</returns>
    public S3Xml AddOwner(string name, string id) => Open(name).Add("ID", id).Close();

    /// <summary>Opens an element.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="attributes">Attributes as they stand, with a space before.</param>
    /// <returns>This.</returns>
    public S3Xml Open(string name, string attributes = "")
    {
        text.Append('<').Append(name).Append(attributes).Append('>');
        open.Push(name);
        return this;
    }

    /// <summary>Closes the element opened last.</summary>
    /// <returns>This.</returns>
    public S3Xml Close()
    {
        text.Append("</").Append(open.Pop()).Append('>');
        return this;
    }

    /// <summary>Closes everything.</summary>
    /// <returns>The document.</returns>
    public byte[] Finish()
    {
        while (open.Count > 0)
        {
            Close();
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private void Escape(string value)
    {
        foreach (char c in value)
        {
            switch (c)
            {
                case '&':
                    text.Append("&amp;");
                    break;
                case '<':
                    text.Append("&lt;");
                    break;
                case '>':
                    text.Append("&gt;");
                    break;
                case '"':
                    text.Append("&quot;");
                    break;
                case < ' ' or '\u007F' or '\uFFFE' or '\uFFFF':
                    text.Append("&#").Append(((int)c).ToString(CultureInfo.InvariantCulture)).Append(';');
                    break;
                default:
                    text.Append(c);
                    break;
            }
        }
    }
}
